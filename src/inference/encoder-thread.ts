import { startCallThread } from "../onnx/call-thread.ts";
import type {
  BatchTrial,
  EmbedRequest,
  EncoderCalls,
  EncoderReady,
  EncoderWorkerData,
  ThreadBatch,
} from "./encoder-messages.ts";

export type EncoderThread = EncoderReady & {
  /** Batches sent and not yet answered. */
  pending(): number;
  embed(request: EmbedRequest): Promise<ThreadBatch>;
  /** Throughput of runs of these sizes, ascending, as far as it grows, memory suffices and the time lasts. */
  sweep(candidates: readonly number[], budgetMs: number): Promise<BatchTrial[]>;
  /** With `atMost` only where it takes more. */
  setPatchesPerRun(patches: number, options?: { atMost: boolean }): Promise<void>;
  close(): Promise<void>;
};

// Beside this file under either extension: as source, or emitted for publishing.
const workerFile = new URL(`./encoder-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Starts one worker thread with one encoder in it, and resolves when the encoder has embedded its first patch. */
export const startEncoderThread = async (data: EncoderWorkerData, file = workerFile): Promise<EncoderThread> => {
  const { ready, call, pending, close } = await startCallThread<EncoderCalls, EncoderReady>(
    file,
    `encoder ${data.card.key}`,
    data,
  );
  return {
    ...ready,
    pending,
    embed: (request) => call("embed", request, [request.pixels.buffer as ArrayBuffer]),
    sweep: async (candidates, budgetMs) => (await call("sweep", { candidates, budgetMs })).trials,
    setPatchesPerRun: async (patches, { atMost } = { atMost: false }) => {
      await call("setPatchesPerRun", { patches, atMost });
    },
    close,
  };
};
