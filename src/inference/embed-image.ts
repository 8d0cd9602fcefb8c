import sharp from "sharp";
import { HistoError } from "../platform/errors.ts";
import { estimatePicturesStain, type StainMethod, type StainTransform, stainTransform } from "../slides/index.ts";
import type { EncoderSession } from "./encoder-session.ts";

export type EmbedImageOptions = {
  /** PNG or JPEG. */
  image: Uint8Array;
  /** Resolution of the image. */
  imageMicronsPerPixel: number;
  /** The feature set's patches: so many pixels a side, at this resolution. */
  patchSizePixels: number;
  micronsPerPixel: number;
  session: Pick<EncoderSession, "embed">;
  /** How the session evens out staining; that of the image is estimated from the image. */
  stain?: StainMethod | null;
};

/** Pixels beyond which a picture is not decoded: a small file can hold a picture that fills the memory. */
const MOST_PIXELS = 64_000_000;
/** The staining is estimated from so much of the middle of an image, in pixels of the patches' resolution. */
const MOST_STAIN_PIXELS = 1024;
/** An image coarser than the patches by more than this has no texture left to compare. */
const MOST_ENLARGEMENT = 4;

/**
 * The vector of the patch in the middle of an image, as if that patch had been cut from a slide of the image's
 * resolution: the same region size, the same resizing inside the graph.
 *
 * Throws NOT_AN_IMAGE for anything but a readable PNG or JPEG, BAD_ARGUMENT when the image is smaller than one patch or
 * its resolution does not fit; NO_TISSUE, NOT_BRIGHTFIELD or BAD_ARGUMENT when it does not show its staining.
 */
export const embedImage = async (options: EmbedImageOptions): Promise<Float32Array | Uint16Array> => {
  const sidePixels = regionSide(options);
  const pixels = await centreOf(options.image, sidePixels, options);
  const stain = options.stain ? await stainOf(options, options.stain) : null;
  const { vectors } = await options.session.embed({
    pixels,
    patches: 1,
    heightPixels: sidePixels,
    widthPixels: sidePixels,
    urgent: true,
    stain,
  });
  return vectors;
};

const regionSide = ({ imageMicronsPerPixel, patchSizePixels, micronsPerPixel }: EmbedImageOptions): number => {
  const inRange = imageMicronsPerPixel >= 0.05 && imageMicronsPerPixel <= 20;
  if (!inRange || imageMicronsPerPixel > micronsPerPixel * MOST_ENLARGEMENT) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `An image at ${imageMicronsPerPixel} µm/px cannot be compared with patches at ${micronsPerPixel} µm/px.`,
      {
        fix: `Give an image between 0.05 and ${micronsPerPixel * MOST_ENLARGEMENT} µm/px, and state its true resolution.`,
        path: ["image", "micronsPerPixel"],
      },
    );
  }
  return Math.round((patchSizePixels * micronsPerPixel) / imageMicronsPerPixel);
};

const notAnImage = (cause?: unknown): HistoError =>
  new HistoError("NOT_AN_IMAGE", "The query image is not a readable PNG or JPEG.", {
    fix: "Send the bytes of a PNG or JPEG file.",
    path: ["image", "data"],
    cause,
  });

const asRgb = (bytes: Uint8Array) =>
  sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error" })
    .autoOrient()
    .toColourspace("srgb")
    .flatten({ background: "white" })
    .removeAlpha();

const stainOf = async (options: EmbedImageOptions, method: StainMethod): Promise<StainTransform> => {
  const { image, imageMicronsPerPixel, micronsPerPixel } = options;
  const { width, height } = await sizeOf(image);
  const scale = imageMicronsPerPixel / micronsPerPixel;
  const [across, down] = [width, height].map((side) => Math.min(side, Math.round(MOST_STAIN_PIXELS / scale)));
  const region = { width: across as number, height: down as number };
  const middle = await asRgb(image)
    .extract({
      left: Math.floor((width - region.width) / 2),
      top: Math.floor((height - region.height) / 2),
      ...region,
    })
    .resize(Math.max(1, Math.round(region.width * scale)))
    .raw({ depth: "uchar" })
    .toBuffer();
  const parameters = await estimatePicturesStain([new Uint8Array(middle)], method, {
    what: "The query image",
    fix: "Send a larger part of the slide, with stained tissue on it, or ask a feature set without stain normalisation.",
    path: ["image", "data"],
  });
  return stainTransform(parameters);
};

const centreOf = async (bytes: Uint8Array, sidePixels: number, options: EmbedImageOptions): Promise<Uint8Array> => {
  const { width, height } = await sizeOf(bytes);
  if (width < sidePixels || height < sidePixels) {
    const { imageMicronsPerPixel: resolution, patchSizePixels, micronsPerPixel } = options;
    throw new HistoError(
      "BAD_ARGUMENT",
      `The image has ${width} by ${height} pixels; a patch of ${patchSizePixels} pixels at ${micronsPerPixel} µm/px covers ${sidePixels} of them a side at ${resolution} µm/px.`,
      { fix: "Send a larger part of the slide, or correct the image's µm/px.", path: ["image"] },
    );
  }
  try {
    const data = await asRgb(bytes)
      .extract({
        left: Math.floor((width - sidePixels) / 2),
        top: Math.floor((height - sidePixels) / 2),
        width: sidePixels,
        height: sidePixels,
      })
      .raw({ depth: "uchar" })
      .toBuffer();
    return new Uint8Array(data);
  } catch (cause) {
    throw notAnImage(cause);
  }
};

const sizeOf = async (bytes: Uint8Array): Promise<{ width: number; height: number }> => {
  try {
    const { format, autoOrient } = await sharp(bytes, { limitInputPixels: MOST_PIXELS }).metadata();
    if (format !== "png" && format !== "jpeg") throw new Error(`The format is ${format}.`);
    return autoOrient;
  } catch (cause) {
    throw notAnImage(cause);
  }
};
