import { extname } from "node:path";
import { HistoError } from "../platform/errors.ts";
import { inWorker } from "./inWorker.ts";
import { resizeRgb } from "./pixels.ts";
import type { StainEstimate, StainMethod, StainParameters, StainRefusal } from "./stain.ts";
import type { OpenedSlide, PatchPlan } from "./types.ts";

/** Patches that a slide's staining is estimated from, spread evenly over its grid, and how much of each. */
const SAMPLED_PATCHES = 64;
const SAMPLED_EDGE_PIXELS = 256;
const READS_AT_ONCE = 8;

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./stain.worker${extname(import.meta.url)}`, import.meta.url);

/** In a thread of its own: sorting half a million angles takes some tenths of a second. */
const estimateInWorker = (pictures: readonly Uint8Array[], method: StainMethod) =>
  inWorker<StainEstimate>(WORKER, { pictures, method });

/** How a refusal is worded: "Slide "x"", and what may be done about too little or other colour. */
export type StainSubject = { what: string; fix: string; path: readonly string[] };

const refusal = (reason: StainRefusal, { what, fix, path }: StainSubject): HistoError => {
  const details = { fix, path };
  switch (reason) {
    case "DARK":
      return new HistoError("NOT_BRIGHTFIELD", `${what} is dark: it has no stains that absorb light.`, details);
    case "TOO_LITTLE_STAIN":
      return new HistoError("NO_TISSUE", `${what} shows too little stained tissue to estimate its staining.`, details);
    case "ONE_COLOUR":
      return new HistoError("BAD_ARGUMENT", `${what} shows one colour; evening out needs two stains.`, details);
  }
};

/**
 * The staining of RGB pictures, taken together: shape `[pixels, 3]` each.
 * @throws HistoError NOT_BRIGHTFIELD, NO_TISSUE (too little stain), BAD_ARGUMENT (one colour)
 */
export const estimatePicturesStain = async (
  pictures: readonly Uint8Array[],
  method: StainMethod,
  subject: StainSubject,
): Promise<StainParameters> => {
  const estimate = await estimateInWorker(pictures, method);
  if (estimate.kind === "refused") throw refusal(estimate.reason, subject);
  return estimate.parameters;
};

export type StainSample = {
  /** What to read for a whole patch, and its edge at the grid's resolution. */
  plan: PatchPlan;
  patchSize: number;
  patches: number;
  /** Left upper corner of a patch in level-0 pixels. */
  originOf(index: number): { x: number; y: number };
};

/** The middle of a patch at the grid's resolution, at most 256 pixels a side. */
const readMiddle = async (slide: OpenedSlide, { plan, patchSize }: StainSample, x: number, y: number) => {
  const edge = Math.min(patchSize, SAMPLED_EDGE_PIXELS);
  const widthPixels = Math.max(1, Math.round((plan.widthPixels * edge) / patchSize));
  const heightPixels = Math.max(1, Math.round((plan.heightPixels * edge) / patchSize));
  const downsample = slide.levels[plan.level]?.downsample ?? 1;
  const region = {
    x: x + ((plan.widthPixels - widthPixels) / 2) * downsample,
    y: y + ((plan.heightPixels - heightPixels) / 2) * downsample,
    level: plan.level,
    widthPixels,
    heightPixels,
  };
  return resizeRgb({ pixels: await slide.readRegion(region), widthPixels, heightPixels }, edge, edge);
};

/**
 * The staining of a slide, from up to 64 of its patches: the same patches, and so the same numbers, every time.
 * @throws HistoError as estimatePicturesStain; SLIDE_CORRUPT
 */
export const estimateSlideStain = async (
  slide: OpenedSlide,
  sample: StainSample,
  method: StainMethod,
  slideKey: string,
): Promise<StainParameters> => {
  const count = Math.min(SAMPLED_PATCHES, sample.patches);
  const chosen = Array.from({ length: count }, (_, place) => Math.floor(((place + 0.5) * sample.patches) / count));
  const pictures: Uint8Array[] = [];
  for (let from = 0; from < count; from += READS_AT_ONCE) {
    const reads = chosen.slice(from, from + READS_AT_ONCE).map((index) => {
      const { x, y } = sample.originOf(index);
      return readMiddle(slide, sample, x, y);
    });
    pictures.push(...(await Promise.all(reads)));
  }
  return estimatePicturesStain(pictures, method, {
    what: `Slide "${slideKey}"`,
    fix: "Embed it with preprocessing.stainNormalization NONE into another feature set.",
    path: ["preprocessing", "stainNormalization"],
  });
};
