import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundledEncoder } from "../src/inference/bundled-encoder.ts";
import { embedPatches } from "../src/inference/embed-patches.ts";
import { createEncoderSession, type EncoderSession } from "../src/inference/encoder-session.ts";
import { type OpenedSlide, openSlide } from "../src/slides/index.ts";
import { withReadSlot } from "../src/slides/readLimit.ts";
import { renderCohort } from "../synthetic/index.ts";

const SIDE = 224;
const PATCHES = 160;
const READ_MS = 5;

let folder: string;
let slide: OpenedSlide;
let session: EncoderSession;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-slow-disk-"));
  const { slideFiles } = await renderCohort({ folder, patients: 1, seed: 5 });
  slide = await openSlide(slideFiles[0] ?? "");
  session = await createEncoderSession({ ...(await bundledEncoder()), precision: "float16" });
});
afterAll(async () => {
  await session?.close();
  await slide?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Patches a second from slide to vector, where each read first waits for the disk, in the place of a reader. */
const patchesPerSecond = async (readMs: number): Promise<number> => {
  const columns = Math.max(1, Math.floor(slide.widthPixels / SIDE));
  const rows = Math.max(1, Math.floor(slide.heightPixels / SIDE));
  const began = performance.now();
  await embedPatches({
    patches: PATCHES,
    regionWidthPixels: SIDE,
    regionHeightPixels: SIDE,
    readPatch: async (index, target) => {
      if (readMs > 0) await withReadSlot(() => sleep(readMs));
      const place = { x: (index % columns) * SIDE, y: (Math.floor(index / columns) % rows) * SIDE };
      return slide.readRegion({ level: 0, ...place, widthPixels: SIDE, heightPixels: SIDE }, target);
    },
    session,
    onBatch: async () => {},
  });
  return (PATCHES * 1000) / (performance.now() - began);
};

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

// bench device measures it with a disk that really waits; here other tests take the cores in one moment and not in the next.
test("a disk that takes 5 ms for each read hardly keeps the encoder waiting", async () => {
  await patchesPerSecond(0);
  const [usual, slow]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    usual.push(await patchesPerSecond(0));
    slow.push(await patchesPerSecond(READ_MS));
  }
  // Read one after the other, the patches of two cores would come at less than half of the encoder's rate.
  expect(median(slow) / median(usual)).toBeGreaterThan(0.5);
});
