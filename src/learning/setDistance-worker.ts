import { availableParallelism } from "node:os";
import { serveCalls } from "../onnx/call-thread.ts";
import { energyTest } from "./setDistanceEnergy.ts";
import { medianOfMinima } from "./setDistanceMedian.ts";
import { chooseMosaic, spreadOver } from "./setDistanceMosaic.ts";
import { type MatrixProduct, openProduct } from "./setDistanceProduct.ts";
import type { SetCalls } from "./setDistanceThread.ts";

// The thread in which sets of vectors are compared: one request after the other.

/** More threads gain little for products of this size, and other queries want cores too. */
const MAX_THREADS = 4;

let opened: Promise<MatrixProduct> | undefined;
const product = () => {
  opened ??= openProduct(Math.min(MAX_THREADS, availableParallelism()));
  return opened;
};

await serveCalls<SetCalls, null>(async () => ({
  ready: null,
  handlers: {
    spread: ({ places }) => spreadOver(places),
    mosaic: async ({ vectors, places }) => chooseMosaic(await product(), vectors, places),
    median: async ({ request }) => medianOfMinima(await product(), request),
    energy: async ({ request }) => energyTest(await product(), request),
  },
  close: async () => {},
}));
