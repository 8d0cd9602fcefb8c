import { extname } from "node:path";
import sharp from "sharp";
import { HistoError } from "../platform/errors.ts";
import { inWorker } from "./inWorker.ts";
import { readThumbnail } from "./scaling.ts";
import type { MaskRefusal, MaskResult } from "./tissueMask.ts";
import type { OpenedSlide, RgbImage, TissueMask, TissueMethod } from "./types.ts";

const MASK_MICRONS_PER_PIXEL = 8;
/** Level-0 pixels per mask pixel for a slide of unknown resolution: about 8 µm/px at 20x. */
const MASK_DOWNSAMPLE = 16;
const MIN_MASK_PIXELS = 512;
const MAX_MASK_PIXELS = 2048;

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./tissue.worker${extname(import.meta.url)}`, import.meta.url);

const maskEdge = ({ widthPixels, heightPixels, micronsPerPixel }: OpenedSlide): number => {
  const longest = Math.max(widthPixels, heightPixels);
  const finest = micronsPerPixel ? Math.min(micronsPerPixel.x, micronsPerPixel.y) : null;
  const wanted = finest ? (longest * finest) / MASK_MICRONS_PER_PIXEL : longest / MASK_DOWNSAMPLE;
  return Math.round(Math.min(MAX_MASK_PIXELS, Math.max(MIN_MASK_PIXELS, wanted)));
};

/** Runs the mask's arithmetic in a thread of its own: it takes up to a second for a large slide. */
const maskInWorker = (thumbnail: RgbImage, method: TissueMethod, micronsPerPixel: number | null) =>
  inWorker<MaskResult>(WORKER, { thumbnail, method, micronsPerPixel });

const refusal = (reason: MaskRefusal): HistoError => {
  switch (reason) {
    case "NOT_BRIGHTFIELD":
      return new HistoError("NOT_BRIGHTFIELD", "The slide's background is dark: it is not a brightfield scan.", {
        fix: "Use tissue: DARKFIELD for fluorescence and other dark-field slides, in a feature set of their own.",
        path: ["grid", "tissue"],
      });
    case "NOT_DARKFIELD":
      return new HistoError("BAD_ARGUMENT", "The slide's background is bright: it is not a dark-field scan.", {
        fix: "Use tissue: OTSU for brightfield slides.",
        path: ["grid", "tissue"],
      });
  }
};

/** Clears what the scanner did not fill, where the file tells: padding is not glass, and may have any colour. */
const keepBounds = (data: Uint8Array, thumbnail: RgbImage, slide: OpenedSlide): Uint8Array => {
  const { bounds } = slide;
  if (!bounds) return data;
  const scaleX = slide.widthPixels / thumbnail.widthPixels;
  const scaleY = slide.heightPixels / thumbnail.heightPixels;
  const left = Math.max(0, Math.floor(bounds.x / scaleX));
  const right = Math.min(thumbnail.widthPixels, Math.ceil((bounds.x + bounds.widthPixels) / scaleX));
  const top = Math.max(0, Math.floor(bounds.y / scaleY));
  const bottom = Math.min(thumbnail.heightPixels, Math.ceil((bounds.y + bounds.heightPixels) / scaleY));
  const kept = new Uint8Array(data.length);
  for (let y = top; y < bottom; y++) {
    const row = y * thumbnail.widthPixels;
    kept.set(data.subarray(row + left, row + right), row + left);
  }
  return kept;
};

/**
 * Tells tissue from background on a view of the slide at about 8 µm/px (512 to 2048 pixels long).
 * OTSU and FIXED look at saturation, DARKFIELD at intensity, NONE takes everything. A slide of pure glass gives a mask
 * with `tissueShare` 0. Throws NOT_BRIGHTFIELD for OTSU or FIXED on a dark-field slide, BAD_ARGUMENT for the reverse.
 */
export const detectTissue = async (slide: OpenedSlide, method: TissueMethod): Promise<TissueMask> => {
  const thumbnail = await readThumbnail(slide, maskEdge(slide));
  const { widthPixels, heightPixels } = thumbnail;
  const native = slide.micronsPerPixel?.x;
  const result = await maskInWorker(thumbnail, method, native ? (native * slide.widthPixels) / widthPixels : null);
  if (result.kind === "refused") throw refusal(result.reason);
  const data = keepBounds(result.data, thumbnail, slide);
  let tissue = 0;
  for (let i = 0; i < data.length; i++) tissue += data[i] ?? 0;
  return {
    widthPixels,
    heightPixels,
    data,
    scaleX: slide.widthPixels / widthPixels,
    scaleY: slide.heightPixels / heightPixels,
    tissueShare: tissue / data.length,
    isDarkfield: result.isDarkfield,
  };
};

/** The mask as a small PNG: tissue white, background black. */
export const maskPreviewPng = (mask: TissueMask): Promise<Buffer> =>
  sharp(mask.data, { raw: { width: mask.widthPixels, height: mask.heightPixels, channels: 1 } })
    .linear(255, 0)
    .png({ palette: true, colours: 2 })
    .toBuffer();
