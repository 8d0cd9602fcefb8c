import { startCallThread } from "../onnx/call-thread.ts";

export type QualityWorkerData = {
  /** Edge of a patch in pixels at `micronsPerPixel`, at which it is measured. */
  patchSize: number;
  micronsPerPixel: number;
};

type MeasureRequest = { pixels: Uint8Array; patches: number; height: number; width: number };

export type MeasuredBatch = {
  /** Row-major [patches, 4], in the order of QUALITY_MEASURES. */
  measures: Float32Array;
  /** The pixel buffer that was given away. */
  pixels: Uint8Array;
};

export type QualityCalls = { measure: { args: MeasureRequest; result: MeasuredBatch } };

/** Measures batches of patches: uint8 RGB regions [patches, height, width, 3], whose buffer is given away and comes back. */
export type PatchMeasurer = {
  measure(request: MeasureRequest): Promise<MeasuredBatch>;
  close(): Promise<void>;
};

// Beside this file under either extension: as source, or emitted for publishing.
const workerFile = new URL(`./quality-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Starts a worker thread that measures the patches of one grid recipe. */
export const startPatchMeasurer = async (recipe: QualityWorkerData): Promise<PatchMeasurer> => {
  const { call, close } = await startCallThread<QualityCalls, null>(workerFile, "quality", recipe);
  return { measure: (request) => call("measure", request, [request.pixels.buffer as ArrayBuffer]), close };
};
