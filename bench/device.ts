import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchMemory } from "../src/inference/batch-memory.ts";
import { bundledEncoder } from "../src/inference/bundled-encoder.ts";
import { type EncoderCard, parseEncoderCard } from "../src/inference/encoder-card.ts";
import { createEncoderSession, type EncoderSession } from "../src/inference/encoder-session.ts";
import { texturedPatches } from "../src/inference/open-encoder.ts";
import { compareVectors } from "../src/inference/vector-difference.ts";
import { cudaCards } from "../src/onnx/cuda-cards.ts";
import type { Device } from "../src/platform/devices.ts";
import { isHistoError } from "../src/platform/errors.ts";
import { atLeast, type Bench, type Figure, fact, median } from "./figure.ts";
import { writeLargeSlide } from "./largeSlide.ts";
import { runOrtAlone, runPipeline } from "./pipelineProcess.ts";
import { slowDisk } from "./slowDisk.ts";

type BenchedEncoder = { name: string; card: EncoderCard; model: { file: string } };

const weights = join(import.meta.dirname, "../../shared/data/weights");

const mobilenet = (version: "v1" | "v2", dims: number): BenchedEncoder => ({
  name: `mobilenet-${version}`,
  card: parseEncoderCard({
    key: `mobilenet-${version}`,
    name: "MobileNet",
    inputPixels: 224,
    pixelScale: { range: [-1, 1] },
    input: "input",
    output: "embedding",
    dims,
    licence: "Apache-2.0",
  }),
  model: { file: join(weights, `mobilenet_${version}_1.0_224_multi.onnx`) },
});

/** The bundled encoder, and those that lie beside the repository. */
const encoders = async (): Promise<BenchedEncoder[]> => {
  const bundled = await bundledEncoder();
  const others = [mobilenet("v1", 1024), mobilenet("v2", 1280)].filter(({ model }) => existsSync(model.file));
  return [{ name: bundled.card.key, ...bundled }, ...others];
};

/** Each card by itself and all together, WebGPU, the processor; halves where they are computed. */
const places = (): { name: string; devices: Device[]; computeInHalves: boolean }[] => {
  const numbers = cudaCards().map((_, number) => `cuda:${number}` as const);
  const cuda: Device[][] = numbers.length === 0 ? [["cuda"]] : numbers.map((card) => [card]);
  if (numbers.length > 1) cuda.push(numbers);
  const cards: Device[][] = [...cuda, ["webgpu"]];
  return [
    { name: "cpu", devices: ["cpu"], computeInHalves: false },
    ...cards.flatMap((devices) =>
      [false, true].map((computeInHalves) => ({
        name: `${devices.join("+")}${computeInHalves ? "/float16" : ""}`,
        devices,
        computeInHalves,
      })),
    ),
  ];
};

/** Every run measures anew. */
const forgetful: BatchMemory = { recall: async () => null, remember: async () => {} };
const COMPARED_PATCHES = 8;
const MEASURED_MS = 3000;

const compared = async ({ embed, card }: EncoderSession) => {
  const side = card.inputPixels;
  const pixels = texturedPatches(COMPARED_PATCHES, side);
  return (await embed({ pixels, patches: COMPARED_PATCHES, heightPixels: side, widthPixels: side })).vectors;
};

/** Patches a second with every thread kept busy, on bytes in memory. */
const throughput = async (session: EncoderSession): Promise<number> => {
  const side = session.card.inputPixels;
  // Enough to keep a device busy, and few enough that one which does a patch a second comes to an end.
  const perRun = Math.max(...session.devices().map(({ patchesPerRun }) => patchesPerRun));
  const patches = Math.min(session.batchSize(), 4 * perRun);
  const one = texturedPatches(1, side);
  let done = 0;
  const feed = async (untilMs: number): Promise<void> => {
    let pixels = new Uint8Array(patches * one.length);
    for (let at = 0; at < pixels.length; at += one.length) pixels.set(one, at);
    do {
      const batch = { pixels, patches, heightPixels: side, widthPixels: side };
      pixels = (await session.embed(batch)).pixels as typeof pixels;
      done += patches;
    } while (performance.now() < untilMs);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: session.threads + 1 }, () => feed(began + MEASURED_MS)));
  return (done * 1000) / (performance.now() - began);
};

/** One figure, and the vectors that the processor gives. */
const measure = async (
  { name, card, model }: BenchedEncoder,
  place: ReturnType<typeof places>[number],
  reference: Float32Array | Uint16Array | null,
): Promise<{ figure: Figure; vectors: Float32Array | Uint16Array | null }> => {
  const metric = `${place.name} ${name}`;
  let session: EncoderSession;
  try {
    const { devices, computeInHalves } = place;
    session = await createEncoderSession({
      ...{ card, model, devices, computeInHalves, batchMemory: forgetful, precision: "float32" },
    });
  } catch (error) {
    const reason = isHistoError(error) ? error.message : String(error);
    return { figure: fact(metric, null, "patches/s", `skipped: ${reason}`), vectors: null };
  }
  try {
    const wantsHalves = place.computeInHalves && !session.provider.includes("float16");
    if (wantsHalves) {
      const reason = session.skipped.map((each) => each.reason).join("; ");
      return { figure: fact(metric, null, "patches/s", `skipped: ${reason}`), vectors: null };
    }
    const vectors = await compared(session);
    await session.tune();
    const patchesPerSecond = await throughput(session);
    const devices = session.devices();
    const difference = reference && compareVectors(vectors, reference, card.dims);
    const hardware = devices.map((each) => each.hardware).join(", ");
    const batch = Math.max(...devices.map((each) => each.patchesPerRun));
    const apart = difference
      ? `, differs by ${difference.largest.toExponential(1)} of the largest number at most, ${difference.mean.toExponential(1)} on average`
      : "";
    return {
      figure: {
        ...fact(metric, patchesPerSecond, "patches/s", `${batch} a run on ${hardware}${apart}`),
        details: {
          patchesPerRun: batch,
          hardware,
          ...(difference && {
            largestDifference: difference.largest,
            meanDifference: difference.mean,
            leastCosine: difference.leastCosine,
          }),
        },
      },
      vectors,
    };
  } finally {
    await session.close();
  }
};

const READ_MS = 5;
const SLIDE_SIDE = 48;
const ROUNDS = 3;

/** The whole way from slide to stored vector where each read of the slide's file takes 5 ms, over the engine alone. */
const slowDiskFigures = async (): Promise<Figure[]> => {
  const slow = await slowDisk(READ_MS);
  if (slow === null) {
    return [atLeast("slow_disk_ratio", null, "ratio", 0.8, "needs Linux and a C compiler")];
  }
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  try {
    const warmUp = await writeLargeSlide(folder, "warm-up", 10);
    const slide = await writeLargeSlide(folder, "slide", SLIDE_SIDE);
    const [alone, usual, slowed]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await runOrtAlone());
      slowed.push((await runPipeline(warmUp, slide, "alone", {}, slow)).patchesPerSecond);
      usual.push((await runPipeline(warmUp, slide, "alone")).patchesPerSecond);
    }
    // Round by round: a machine that others share is not as fast in one as in the next.
    const over = (base: readonly number[]) => median(slowed.map((rate, round) => rate / (base[round] ?? Number.NaN)));
    return [
      atLeast("slow_disk_ratio", over(alone), "ratio", 0.8, `${READ_MS} ms a read, over ort_alone`),
      fact("slow_disk_vs_usual", over(usual), "ratio"),
      fact("slow_disk", median(slowed), "patches/s"),
      fact("ort_alone", median(alone), "patches/s"),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(slow.LD_PRELOAD ?? "", { force: true });
  }
};

export const device: Bench = async (report) => {
  for (const encoder of await encoders()) {
    let reference: Float32Array | Uint16Array | null = null;
    for (const place of places()) {
      const { figure, vectors } = await measure(encoder, place, reference);
      report(figure);
      if (place.name === "cpu") reference = vectors;
    }
  }
  for (const figure of await slowDiskFigures()) report(figure);
};
