import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, fact, median } from "./figure.ts";
import { writeLargeSlide } from "./largeSlide.ts";
import { runPipeline } from "./pipelineProcess.ts";

/** 10² = 100 and 40² = 1,600 patches of 224 pixels. */
const WARM_UP_SIDE = 10;
const SIDE = 40;
const ROUNDS = 3;

const KINDS = {
  plain: {},
  qc: { qualityControl: true },
  macenko: { stainNormalization: "MACENKO" },
  reinhard: { stainNormalization: "REINHARD" },
} as const;

/** What measuring and evening out cost: the time of a slide over that of the same slide without. Rounds are interleaved. */
export const preprocessing: Bench = async (report) => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  try {
    const warmUp = await writeLargeSlide(folder, "warm-up", WARM_UP_SIDE);
    const slide = await writeLargeSlide(folder, "slide", SIDE);
    const speeds: Record<string, number[]> = {};
    for (let round = 0; round < ROUNDS; round++) {
      for (const [kind, wanted] of Object.entries(KINDS)) {
        const { patchesPerSecond } = await runPipeline(warmUp, slide, "alone", wanted);
        speeds[kind] = [...(speeds[kind] ?? []), patchesPerSecond];
      }
    }
    const speed = (kind: string) => median(speeds[kind] ?? []);
    for (const kind of ["qc", "macenko", "reinhard"]) {
      const note = `${speed(kind).toFixed(0)} against ${speed("plain").toFixed(0)} patches/s`;
      report(fact(`${kind}_cost`, speed("plain") / speed(kind), "ratio", note));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
