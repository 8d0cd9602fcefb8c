import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { serveCalls } from "../onnx/call-thread.ts";
import { openGraphSession } from "../onnx/session.ts";
import { PIXELS } from "./encoder-graph.ts";
import { MEASURES, QUALITY_MEASURES, qualityGraph } from "./quality-graph.ts";
import type { QualityCalls, QualityWorkerData } from "./quality-thread.ts";
import { RESIZED, resizeGraph } from "./resize-graph.ts";

// The thread in which patches are measured; always on the processor, so that a patch's figures are the same everywhere.

/** As the encoders': who reads or answers goes first. */
const NICENESS = 5;
if (process.platform === "linux") setPriority(NICENESS);

const { patchSize, micronsPerPixel } = workerData as QualityWorkerData;
const options = { provider: "cpu", threads: 1 } as const;

await serveCalls<QualityCalls, null>(async () => {
  const session = await openGraphSession(qualityGraph(patchSize, micronsPerPixel), options);
  let resizer: InferenceSession | null = null;

  const atGridResolution = async (region: Tensor, height: number, width: number): Promise<Tensor> => {
    if (height === patchSize && width === patchSize) return region;
    resizer ??= await openGraphSession(resizeGraph({ inputPixels: patchSize, resize: "bilinear" }), options);
    const { [RESIZED]: resized } = await resizer.run({ [PIXELS]: region });
    return resized as Tensor;
  };

  return {
    ready: null,
    handlers: {
      measure: async ({ pixels, patches, height, width }) => {
        const bytes = height * width * 3;
        const measures = new Float32Array(patches * QUALITY_MEASURES.length);
        // One at a time: its numbers then stay in the cache.
        for (let patch = 0; patch < patches; patch++) {
          const region = new Tensor("uint8", pixels.subarray(patch * bytes, (patch + 1) * bytes), [
            1,
            height,
            width,
            3,
          ]);
          const { [MEASURES]: row } = await session.run({ [PIXELS]: await atGridResolution(region, height, width) });
          measures.set(row?.data as Float32Array, patch * QUALITY_MEASURES.length);
        }
        return { measures, pixels };
      },
    },
    close: async () => {
      await session.release();
      await resizer?.release();
    },
  };
});
