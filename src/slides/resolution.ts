import type { TiffDirectory } from "./tiffDirectory.ts";
import type { MicronsPerPixel } from "./types.ts";

/** Finer than any light microscope's camera; coarser than any scan that still shows cells. */
const FINEST_MICRONS_PER_PIXEL = 0.05;
const COARSEST_MICRONS_PER_PIXEL = 20;

const MICRONS_PER_INCH = 25_400;
const MICRONS_PER_CENTIMETRE = 10_000;

/** Length units that OME-XML 2016-06 allows for physical sizes and that occur in slides, in µm. */
const OME_UNIT_MICRONS: Readonly<Record<string, number>> = {
  µm: 1,
  μm: 1,
  um: 1,
  micrometer: 1,
  nm: 1e-3,
  mm: 1e3,
  cm: 1e4,
  m: 1e6,
  pm: 1e-6,
  Å: 1e-4,
};

export const isPlausibleResolution = (micronsPerPixel: number): boolean =>
  micronsPerPixel >= FINEST_MICRONS_PER_PIXEL && micronsPerPixel <= COARSEST_MICRONS_PER_PIXEL;

/** Both axes or nothing: a missing axis takes the other's value, an implausible one spoils the pair. */
export const toMicronsPerPixel = (x: number | null, y: number | null): MicronsPerPixel | null => {
  const horizontal = x ?? y;
  const vertical = y ?? x;
  if (horizontal === null || vertical === null) return null;
  if (!isPlausibleResolution(horizontal) || !isPlausibleResolution(vertical)) return null;
  return { x: horizontal, y: vertical };
};

/** `MPP = 0.2520` among the `|`-separated fields of an Aperio ImageDescription. */
export const aperioMicronsPerPixel = (description: string): MicronsPerPixel | null => {
  const found = /(?:^|\|)\s*MPP\s*=\s*(\d*\.?\d+(?:[eE][-+]?\d+)?)\s*(?:\||$)/.exec(description)?.[1];
  const value = found === undefined ? null : Number(found);
  return toMicronsPerPixel(value, value);
};

/** PhysicalSizeX and PhysicalSizeY of the first Pixels element of OME-XML; the unit defaults to µm, as its schema says. */
export const omeMicronsPerPixel = (xml: string): MicronsPerPixel | null => {
  const pixels = /<(?:\w+:)?Pixels\b[^>]*>/.exec(xml)?.[0];
  if (!pixels) return null;
  const read = (axis: "X" | "Y"): number | null => {
    const size = new RegExp(`\\bPhysicalSize${axis}\\s*=\\s*["']([^"']*)["']`).exec(pixels)?.[1];
    const unit = new RegExp(`\\bPhysicalSize${axis}Unit\\s*=\\s*["']([^"']*)["']`).exec(pixels)?.[1];
    const microns = OME_UNIT_MICRONS[decodeEntities(unit ?? "µm")];
    if (size === undefined || size.trim() === "" || microns === undefined) return null;
    const value = Number(size) * microns;
    return Number.isFinite(value) ? value : null;
  };
  return toMicronsPerPixel(read("X"), read("Y"));
};

const decodeEntities = (text: string): string =>
  text.replace(/&#(x[0-9a-f]+|\d+);/gi, (whole, digits: string) => {
    const code = digits.toLowerCase().startsWith("x") ? Number.parseInt(digits.slice(1), 16) : Number(digits);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

/**
 * µm per pixel of XResolution, YResolution and ResolutionUnit (TIFF 6.0, page 38). Unit 1 means that the numbers have
 * no length, so nothing is known; an absent unit is an inch, as the standard says.
 */
export const tiffTagMicronsPerPixel = (
  directory: Pick<TiffDirectory, "xResolution" | "yResolution" | "resolutionUnit">,
): MicronsPerPixel | null => {
  const unit = directory.resolutionUnit ?? 2;
  const microns = unit === 2 ? MICRONS_PER_INCH : unit === 3 ? MICRONS_PER_CENTIMETRE : null;
  if (microns === null) return null;
  const perPixel = (resolution: number | null) => (resolution && resolution > 0 ? microns / resolution : null);
  return toMicronsPerPixel(perPixel(directory.xResolution), perPixel(directory.yResolution));
};

/** What a TIFF's first directory says of its resolution: the vendor's text before the tags. */
export const tiffMicronsPerPixel = (directory: TiffDirectory): MicronsPerPixel | null => {
  const text = directory.imageDescription ?? "";
  if (text.startsWith("Aperio")) return aperioMicronsPerPixel(text) ?? tiffTagMicronsPerPixel(directory);
  if (/<(?:\w+:)?OME\b/.test(text)) return omeMicronsPerPixel(text) ?? tiffTagMicronsPerPixel(directory);
  return tiffTagMicronsPerPixel(directory);
};
