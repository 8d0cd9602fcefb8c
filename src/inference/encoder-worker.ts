import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { toPlainError } from "../platform/plain-error.ts";
import type { EncoderWorkerData, WorkerReply, WorkerRequest } from "./encoder-messages.ts";
import { type EncoderRunner, openEncoderRunner } from "./encoder-runner.ts";

// The thread in which one encoder lives: requests in, replies out, one at a time and in order, but for urgent ones.

/** 0 is a process's ordinary niceness, 19 the greatest. */
const ENCODER_NICENESS = 5;

const port = parentPort;
if (!port) throw new Error("encoder-worker.ts runs only as a worker thread.");

const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const handle = async (runner: EncoderRunner, request: WorkerRequest): Promise<void> => {
  if (request.kind === "close") {
    await runner.close();
    port.close();
    return;
  }
  const { id, pixels, patches, height, width } = request;
  try {
    const vectors = await runner.embed(pixels, patches, height, width);
    reply({ kind: "embedded", id, vectors, pixels }, [vectors.buffer as ArrayBuffer, pixels.buffer as ArrayBuffer]);
  } catch (error) {
    reply({ kind: "failed", id, error: toPlainError(error) });
  }
};

// What reads, stores and answers goes first: it takes little, and the encoder would otherwise wait for it anyway.
// On Linux this is the thread's own priority, which the operator threads that it starts inherit.
if (process.platform === "linux") setPriority(ENCODER_NICENESS);

try {
  const runner = await openEncoderRunner(workerData as EncoderWorkerData);
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: WorkerRequest) => {
    // An urgent one begins at once: its runs alternate with those of the batch under way, and all other batches wait for it.
    const isUrgent = request.kind === "embed" && request.urgent;
    const done = (isUrgent ? Promise.resolve() : last).then(() => handle(runner, request));
    last = Promise.all([last, done]).then(() => {});
  });
  reply({ kind: "ready", provider: runner.provider, skipped: runner.skipped });
} catch (error) {
  reply({ kind: "failed", id: null, error: toPlainError(error) });
  port.close();
}
