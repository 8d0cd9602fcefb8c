import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atLeast, atMost, type Bench, fact, median } from "./figure.ts";
import { writeLargeSlide } from "./largeSlide.ts";
import { json, type PipelineRun, runOrtAlone, runPipeline } from "./pipelineProcess.ts";
import { preprocessing } from "./preprocessing.ts";
import { findPython } from "./python.ts";

const here = import.meta.dirname;

/** 32² = 1,024, 64² = 4,096 and 142² = 20,164 patches of 224 pixels. */
const SMALL_SIDE = 32;
const MEDIUM_SIDE = 64;
const LARGE_SIDE = 142;
const ROUNDS = 3;

const runPytorch = async (slide: string, folder: string): Promise<number | null> => {
  const python = findPython();
  if (python === undefined) return null;
  const places = Array.from({ length: SMALL_SIDE * SMALL_SIDE }, (_, cell) => ({
    x: (cell % SMALL_SIDE) * 224,
    y: Math.floor(cell / SMALL_SIDE) * 224,
    size: 224,
  }));
  const grid = join(folder, "patches.json");
  await writeFile(grid, JSON.stringify(places));
  const result = await json<{ patches_per_second: number }>(python, [join(here, "pipeline_pytorch.py"), slide, grid]);
  return result.patches_per_second;
};

/** Interleaved rounds on one machine, compared by medians, so that what else the machine does strikes all alike. */
export const pipeline: Bench = async (report) => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  try {
    const warmUp = await writeLargeSlide(folder, "warm-up", 10);
    const small = await writeLargeSlide(folder, "thousand", SMALL_SIDE);
    const medium = await writeLargeSlide(folder, "four-thousand", MEDIUM_SIDE);
    const pipelines: PipelineRun[] = [];
    const alone: number[] = [];
    const pytorch: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await runOrtAlone());
      pipelines.push(await runPipeline(warmUp, medium, "alone"));
      const loop = await runPytorch(small, folder);
      if (loop !== null) pytorch.push(loop);
    }
    const thousand = await runPipeline(warmUp, small, "asked");
    const asked = await runPipeline(warmUp, medium, "asked");
    const speed = median(pipelines.map(({ patchesPerSecond }) => patchesPerSecond));
    const loop = pytorch.length > 0 ? median(pytorch) : null;
    report(atLeast("pipeline_vs_ort_alone", speed / median(alone), "ratio", 0.9));
    const note = loop === null ? "needs Python with PyTorch: see docs/performance.md" : undefined;
    report(atLeast("pipeline_vs_pytorch_loop", loop === null ? null : speed / loop, "ratio", 2, note));
    report(fact("pipeline", speed, "patches/s"));
    report(fact("ort_alone", median(alone), "patches/s"));
    report(fact("pytorch_loop", loop, "patches/s"));
    report(atMost("event_loop_block_ms", asked.eventLoopBlockMs, "ms", 50));
    report(atMost("metadata_p95_ms", asked.metadataP95Ms, "ms", 200));
    const rss = thousand.peakRssMegabytes;
    const large = await runPipeline(warmUp, await writeLargeSlide(folder, "twenty-thousand", LARGE_SIDE), "asked");
    report(
      atMost(
        "peak_rss_mb",
        Math.max(rss, large.peakRssMegabytes, ...pipelines.map(({ peakRssMegabytes }) => peakRssMegabytes)),
        "MB",
        1200,
      ),
    );
    report(
      atMost(
        "peak_rss_20k_vs_1k",
        large.peakRssMegabytes / rss,
        "ratio",
        1.15,
        `${large.patches} against ${thousand.patches} patches`,
      ),
    );
    report(atMost("event_loop_block_20k_ms", large.eventLoopBlockMs, "ms", 50));
    report(fact("pipeline_20k", large.patchesPerSecond, "patches/s"));
    await preprocessing(report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
