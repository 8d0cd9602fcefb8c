import { parentPort, workerData } from "node:worker_threads";
import { maskOfThumbnail } from "./tissueMask.ts";
import type { RgbImage, TissueMethod } from "./types.ts";

const { thumbnail, method, micronsPerPixel } = workerData as {
  thumbnail: RgbImage;
  method: TissueMethod;
  micronsPerPixel: number | null;
};
const result = maskOfThumbnail(thumbnail, method, micronsPerPixel);
parentPort?.postMessage(result, result.kind === "mask" ? [result.data.buffer as ArrayBuffer] : []);
