import type { TiffDirectory } from "./tiffDirectory.ts";

/** A level of a tiled TIFF and how libvips is told to open it: page, or SubIFD of the first page. */
export type TiffLevel = {
  readonly directory: TiffDirectory;
  readonly page: number;
  /** −1 for the page itself. */
  readonly subIfd: number;
};

/** Formats that are TIFFs outwardly but lay out their tiles, fields or labels in ways of their own. */
const FOREIGN_VENDORS: readonly { readonly vendor: string; readonly matches: (first: TiffDirectory) => boolean }[] = [
  { vendor: "hamamatsu", matches: (first) => first.tags.includes(65420) },
  { vendor: "leica", matches: (first) => /<scn\b/.test(first.imageDescription ?? "") },
  { vendor: "ventana", matches: (first) => first.tags.includes(700) && /level=\d+ mag=/.test(textOf(first)) },
  { vendor: "philips", matches: (first) => /DPUfsImport|DICOM_PIXEL_SPACING/.test(textOf(first)) },
  { vendor: "trestle", matches: (first) => /OverlapsXY\s*=/.test(textOf(first)) },
];

/** Photometric interpretations that mean grey or colour as they stand: 1 grey, 2 RGB, 6 YCbCr. */
const PLAIN_PHOTOMETRICS: readonly number[] = [1, 2, 6];
/** None, LZW, JPEG, Deflate (both numbers), PackBits; JPEG 2000 (33003, 33005, 34712) needs OpenSlide. */
const READABLE_COMPRESSIONS: readonly number[] = [1, 5, 7, 8, 32946, 32773];

const textOf = (directory: TiffDirectory): string => directory.imageDescription ?? "";

/** The scanner format of a TIFF as far as its first directory tells. */
export const tiffVendor = (first: TiffDirectory): string => {
  const foreign = FOREIGN_VENDORS.find(({ matches }) => matches(first));
  if (foreign) return foreign.vendor;
  if (textOf(first).startsWith("Aperio")) return "aperio";
  if (/<(?:\w+:)?OME\b/.test(textOf(first))) return "ome-tiff";
  return "generic-tiff";
};

export const isForeignVendor = (vendor: string): boolean => FOREIGN_VENDORS.some((known) => known.vendor === vendor);

/**
 * Whether an OME-TIFF spreads its picture over several pages: channels beside each other, focal planes, time points.
 * A reader that took the first page alone would silently show one channel of many.
 */
export const isStackOfPlanes = (first: TiffDirectory): boolean => {
  if (tiffVendor(first) !== "ome-tiff") return false;
  const pixels = /<(?:\w+:)?Pixels\b[^>]*>/.exec(textOf(first))?.[0] ?? "";
  const sizeOf = (axis: "C" | "Z" | "T") =>
    Number(new RegExp(`\\bSize${axis}\\s*=\\s*["'](\\d+)["']`).exec(pixels)?.[1] ?? 1);
  return sizeOf("C") > first.samplesPerPixel || sizeOf("Z") > 1 || sizeOf("T") > 1;
};

/** Whether libvips, as bundled, decodes this directory into the colours that the scanner meant. */
export const isReadableByLibvips = (directory: TiffDirectory): boolean =>
  READABLE_COMPRESSIONS.includes(directory.compression) &&
  PLAIN_PHOTOMETRICS.includes(directory.photometric) &&
  directory.bitsPerSample.every((bits) => bits === 8) &&
  directory.bitsPerSample.length > 0;

/** A coarser copy of `base`: tiled, smaller on both axes, and the same shape up to the rounding of its size. */
const isReduced = (base: TiffDirectory, candidate: TiffDirectory): boolean => {
  if (!candidate.isTiled || candidate.widthPixels < 1 || candidate.heightPixels < 1) return false;
  const x = base.widthPixels / candidate.widthPixels;
  const y = base.heightPixels / candidate.heightPixels;
  if (x <= 1 || y <= 1) return false;
  const rounding = 1 / Math.min(candidate.widthPixels, candidate.heightPixels);
  return Math.abs(x - y) / Math.max(x, y) <= Math.max(0.01, 2 * rounding);
};

const isNamedAside = (directory: TiffDirectory) => /\b(label|macro|thumbnail)\b/i.test(textOf(directory));

/**
 * The pyramid in a tiled TIFF, finest first; empty when the first page is not tiled. Labels, macros and thumbnails are
 * stripped (Aperio), named, or of another shape; none of them is ever a level.
 */
export const tiffPyramid = (directories: readonly TiffDirectory[]): TiffLevel[] => {
  const [base] = directories;
  if (!base?.isTiled) return [];
  const vendor = tiffVendor(base);
  const isMarkedAside = (directory: TiffDirectory) => vendor === "aperio" && directory.newSubfileType !== 0;
  const pages = directories.slice(1).flatMap((directory, index) => {
    const isLevel = isReduced(base, directory) && !isNamedAside(directory) && !isMarkedAside(directory);
    return isLevel ? [{ directory, page: index + 1, subIfd: -1 }] : [];
  });
  const nested = base.subIfds.flatMap((directory, subIfd) =>
    isReduced(base, directory) ? [{ directory, page: 0, subIfd }] : [],
  );
  const reduced = (nested.length > 0 ? nested : pages).sort(
    (a, b) => b.directory.widthPixels - a.directory.widthPixels,
  );
  return [{ directory: base, page: 0, subIfd: -1 }, ...reduced];
};
