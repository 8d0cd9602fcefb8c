import sharp from "sharp";
import { HistoError } from "../platform/errors.ts";
import type { RgbImage, SlideLevel, SlideRegion } from "./types.ts";

/** Opaque colour that stands for what a scanner left empty. */
export type Rgb = { readonly red: number; readonly green: number; readonly blue: number };
export const WHITE: Rgb = { red: 255, green: 255, blue: 255 };

/** Pixels converted between two turns of the event loop; about 2 ms of work. */
const PIXELS_PER_TURN = 512 * 1024;
/** One read is at most 16384 × 16384 pixels' worth; larger areas are read in pieces (`readScaled`). */
const MAX_REGION_PIXELS = 2 ** 28;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const compositeRange = (argb: Uint32Array, rgb: Uint8Array, background: Rgb, from: number, to: number): void => {
  let out = from * 3;
  for (let i = from; i < to; i++) {
    const value = argb[i] as number;
    const uncovered = 255 - (value >>> 24);
    if (uncovered === 0) {
      rgb[out] = value >>> 16;
      rgb[out + 1] = value >>> 8;
      rgb[out + 2] = value;
    } else {
      rgb[out] = ((value >>> 16) & 255) + Math.round((background.red * uncovered) / 255);
      rgb[out + 1] = ((value >>> 8) & 255) + Math.round((background.green * uncovered) / 255);
      rgb[out + 2] = (value & 255) + Math.round((background.blue * uncovered) / 255);
    }
    out += 3;
  }
};

/**
 * Premultiplied ARGB words, as OpenSlide gives them, over a background: RGB bytes, three a pixel.
 * Large pictures yield to the event loop on the way. `target` is filled and returned where its length fits.
 */
export const argbToRgb = async (argb: Uint32Array, background: Rgb, target?: Uint8Array): Promise<Uint8Array> => {
  const rgb = target?.length === argb.length * 3 ? target : new Uint8Array(argb.length * 3);
  for (let from = 0; from < argb.length; from += PIXELS_PER_TURN) {
    if (from > 0) await nextTurn();
    compositeRange(argb, rgb, background, from, Math.min(argb.length, from + PIXELS_PER_TURN));
  }
  return rgb;
};

/** Where a region lies on its level, in whole pixels of that level. */
export type LevelWindow = {
  readonly left: number;
  readonly top: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
};

/** Checks a region and snaps its origin to the level's pixels, so that both backends read the same ones. */
export const windowOnLevel = (levels: readonly SlideLevel[], region: SlideRegion): LevelWindow => {
  const level = levels[region.level];
  const { x, y, widthPixels, heightPixels } = region;
  const isCount = (value: number) => Number.isInteger(value) && value >= 1;
  if (!level || !Number.isFinite(x) || !Number.isFinite(y) || !isCount(widthPixels) || !isCount(heightPixels))
    throw new HistoError("BAD_ARGUMENT", "The region is not on a level of this slide.", {
      fix: `Use a level from 0 to ${levels.length - 1} and a width and height of at least one pixel.`,
    });
  if (widthPixels * heightPixels > MAX_REGION_PIXELS)
    throw new HistoError("LIMIT_EXCEEDED", `A region has at most ${MAX_REGION_PIXELS} pixels.`, {
      fix: "Read a coarser level, or the region in parts.",
    });
  return { left: Math.round(x / level.downsample), top: Math.round(y / level.downsample), widthPixels, heightPixels };
};

/** The part of a window inside its level, or null where they do not meet. */
export const clipToLevel = (window: LevelWindow, level: SlideLevel): LevelWindow | null => {
  const left = Math.max(0, window.left);
  const top = Math.max(0, window.top);
  const widthPixels = Math.min(level.widthPixels, window.left + window.widthPixels) - left;
  const heightPixels = Math.min(level.heightPixels, window.top + window.heightPixels) - top;
  return widthPixels > 0 && heightPixels > 0 ? { left, top, widthPixels, heightPixels } : null;
};

/** Lays RGB pixels of `part` into a white picture of the shape of `whole`; null gives white only. */
export const placeOnWhite = (pixels: Uint8Array | null, part: LevelWindow | null, whole: LevelWindow): Uint8Array => {
  if (pixels && part?.widthPixels === whole.widthPixels && part.heightPixels === whole.heightPixels) return pixels;
  const canvas = new Uint8Array(whole.widthPixels * whole.heightPixels * 3).fill(255);
  if (!pixels || !part) return canvas;
  const rowBytes = part.widthPixels * 3;
  for (let row = 0; row < part.heightPixels; row++) {
    const to = ((part.top - whole.top + row) * whole.widthPixels + part.left - whole.left) * 3;
    canvas.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), to);
  }
  return canvas;
};

const asSharp = (image: RgbImage) =>
  sharp(image.pixels, { raw: { width: image.widthPixels, height: image.heightPixels, channels: 3 } });

/** Resizes RGB pixels to (outHeight, outWidth, 3) off the event loop; Lanczos 3, antialiased when shrinking. */
export const resizeRgb = async (image: RgbImage, outWidth: number, outHeight: number): Promise<Uint8Array> => {
  if (image.widthPixels === outWidth && image.heightPixels === outHeight) return image.pixels;
  return await asSharp(image).resize(outWidth, outHeight, { fit: "fill" }).raw().toBuffer();
};

/** JPEG without metadata. `quality` 1–100. */
export const encodeJpeg = (image: RgbImage, quality = 85): Promise<Buffer> =>
  asSharp(image).jpeg({ quality }).toBuffer();
