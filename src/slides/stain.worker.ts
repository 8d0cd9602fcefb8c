import { parentPort, workerData } from "node:worker_threads";
import { estimateStain, type StainMethod } from "./stain.ts";

/** Pixels that are looked at, spread evenly: ten times as many move no figure by more than their own noise. */
const MOST_PIXELS = 2 ** 19;

const { pictures, method } = workerData as { pictures: Uint8Array[]; method: StainMethod };

const spread = (): Uint8Array => {
  const total = pictures.reduce((sum, { length }) => sum + length / 3, 0);
  const taken = new Uint8Array(Math.min(total, MOST_PIXELS) * 3);
  const step = Math.max(1, total / MOST_PIXELS);
  let before = 0;
  let next = 0;
  for (const rgb of pictures) {
    const end = before + rgb.length / 3;
    for (
      let pixel = Math.floor(next * step);
      pixel < end && next * 3 < taken.length;
      pixel = Math.floor(++next * step)
    ) {
      const from = (pixel - before) * 3;
      taken.set(rgb.subarray(from, from + 3), next * 3);
    }
    before = end;
  }
  return taken;
};

parentPort?.postMessage(estimateStain(spread(), method));
