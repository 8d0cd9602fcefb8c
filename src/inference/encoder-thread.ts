import { startCallThread } from "../onnx/call-thread.ts";
import type { EmbeddedBatch, EmbedRequest, EncoderCalls, EncoderReady, EncoderWorkerData } from "./encoder-messages.ts";

export type EncoderThread = EncoderReady & {
  /** Batches sent and not yet answered. */
  pending(): number;
  embed(request: EmbedRequest): Promise<EmbeddedBatch>;
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
    close,
  };
};
