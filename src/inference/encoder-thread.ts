import { Worker } from "node:worker_threads";
import type { Provider } from "../onnx/providers.ts";
import { fromPlainError } from "../platform/plain-error.ts";
import type {
  EmbedRequest,
  EncoderWorkerData,
  SkippedProvider,
  WorkerReply,
  WorkerRequest,
} from "./encoder-messages.ts";

export type EmbeddedBatch = {
  /** Row-major [patches, dims]; half precision as its 16 bits. */
  vectors: Float32Array | Uint16Array;
  /** The pixel buffer that was given away, back for the next batch. */
  pixels: Uint8Array;
};

export type EncoderThread = {
  provider: Provider;
  skipped: SkippedProvider[];
  /** Batches sent and not yet answered. */
  pending(): number;
  embed(request: Omit<EmbedRequest, "kind" | "id">): Promise<EmbeddedBatch>;
  close(): Promise<void>;
};

type Waiting = { resolve(batch: EmbeddedBatch): void; reject(error: Error): void };

// Beside this file under either extension: as source, or emitted for publishing.
const workerFile = new URL(`./encoder-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Starts one worker thread with one encoder in it, and resolves when the encoder has embedded its first patch. */
export const startEncoderThread = (data: EncoderWorkerData, file = workerFile): Promise<EncoderThread> => {
  const worker = new Worker(file, { workerData: data, name: `encoder ${data.card.key}` });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let stopped: Error | null = null;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const send = (message: WorkerRequest, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);

  const settle = (id: number, use: (promise: Waiting) => void): void => {
    const promise = waiting.get(id);
    waiting.delete(id);
    // An idle encoder must not keep a finished program alive; a busy one must.
    if (waiting.size === 0) worker.unref();
    if (promise) use(promise);
  };

  const embed = (request: Omit<EmbedRequest, "kind" | "id">): Promise<EmbeddedBatch> =>
    new Promise((resolve, reject) => {
      if (stopped) {
        reject(stopped);
        return;
      }
      const id = nextId++;
      send({ kind: "embed", id, ...request }, [request.pixels.buffer as ArrayBuffer]);
      waiting.set(id, { resolve, reject });
      worker.ref();
    });

  const close = async (): Promise<void> => {
    if (!stopped) {
      stopped = new Error("The encoder session was closed.");
      worker.ref();
      send({ kind: "close" });
    }
    await exited;
  };

  return new Promise((resolve, reject) => {
    const stop = (error: Error): void => {
      stopped ??= error;
      reject(error);
      for (const promise of waiting.values()) promise.reject(error);
      waiting.clear();
    };
    worker.on("message", (reply: WorkerReply) => {
      if (reply.kind === "ready") {
        worker.unref();
        resolve({ provider: reply.provider, skipped: reply.skipped, pending: () => waiting.size, embed, close });
      } else if (reply.kind === "embedded") {
        settle(reply.id, ({ resolve }) => resolve({ vectors: reply.vectors, pixels: reply.pixels }));
      } else if (reply.id === null) {
        stop(fromPlainError(reply.error));
      } else {
        settle(reply.id, ({ reject }) => reject(fromPlainError(reply.error)));
      }
    });
    worker.on("error", (cause) => stop(new Error("The encoder's worker thread failed.", { cause })));
    worker.on("exit", (code) => stop(stopped ?? new Error(`The encoder's worker thread ended with code ${code}.`)));
  });
};
