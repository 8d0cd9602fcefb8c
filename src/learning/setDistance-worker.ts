import { availableParallelism } from "node:os";
import { parentPort } from "node:worker_threads";
import { energyTest } from "./setDistanceEnergy.ts";
import { medianOfMinima } from "./setDistanceMedian.ts";
import { chooseMosaic, spreadOver } from "./setDistanceMosaic.ts";
import { type MatrixProduct, openProduct } from "./setDistanceProduct.ts";
import type { SetReply, SetRequest } from "./setDistanceThread.ts";

// The thread in which sets of vectors are compared: one request after the other.

const port = parentPort;
if (!port) throw new Error("setDistance-worker.ts runs only as a worker thread.");

/** More threads gain little for products of this size, and other queries want cores too. */
const MAX_THREADS = 4;

let opened: Promise<MatrixProduct> | undefined;
const product = () => {
  opened ??= openProduct(Math.min(MAX_THREADS, availableParallelism()));
  return opened;
};

const answer = async (task: SetRequest["task"]): Promise<unknown> => {
  switch (task.kind) {
    case "spread":
      return spreadOver(task.places);
    case "mosaic":
      return chooseMosaic(await product(), task.vectors, task.places);
    case "median":
      return medianOfMinima(await product(), task.request);
    case "energy":
      return energyTest(await product(), task.request);
  }
};

let last: Promise<void> = Promise.resolve();
port.on("message", ({ id, task }: SetRequest) => {
  last = last.then(async () => {
    const reply: SetReply = await answer(task).then(
      (value) => ({ id, value }),
      (error: unknown) => ({ id, error }),
    );
    port.postMessage(reply);
  });
});
