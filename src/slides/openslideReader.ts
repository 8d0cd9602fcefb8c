import type { OpenSlideHandle, OpenSlideLibrary } from "./openslideLibrary.ts";
import { argbToRgb, type Rgb, WHITE, windowOnLevel } from "./pixels.ts";
import { readGate, withReadSlot } from "./readLimit.ts";
import { undecodable } from "./refusals.ts";
import { tiffMicronsPerPixel, toMicronsPerPixel } from "./resolution.ts";
import type { TiffDirectory } from "./tiffDirectory.ts";
import type { OpenedSlide, SlideLevel, SlideRectangle } from "./types.ts";

/** The only properties that leave the reader: optics and geometry, nothing that names a person, place, day or device. */
const ALLOWED_PROPERTIES = [
  "openslide.vendor",
  "openslide.mpp-x",
  "openslide.mpp-y",
  "openslide.objective-power",
  "openslide.background-color",
  "openslide.bounds-x",
  "openslide.bounds-y",
  "openslide.bounds-width",
  "openslide.bounds-height",
  "aperio.AppMag",
  "aperio.MPP",
  "hamamatsu.SourceLens",
  "tiff.Make",
  "tiff.Model",
  "tiff.ResolutionUnit",
  "tiff.XResolution",
  "tiff.YResolution",
] as const;

/** Buffers kept for the next patches: a thousand of 200 kB a few seconds would keep the garbage collector at work. */
const MAX_SPARE = 8;
const MAX_SPARE_PIXELS = 2 ** 20;

const numberOf = (text: string | null): number | null => {
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
};

const backgroundOf = (text: string | null): Rgb => {
  if (!text || !/^[0-9a-f]{6}$/i.test(text)) return WHITE;
  const value = Number.parseInt(text, 16);
  return { red: value >>> 16, green: (value >>> 8) & 255, blue: value & 255 };
};

const boundsOf = (property: (name: string) => string | null): SlideRectangle | null => {
  const [x, y, widthPixels, heightPixels] = ["x", "y", "width", "height"].map((side) =>
    numberOf(property(`openslide.bounds-${side}`)),
  );
  if (x == null || y == null || !widthPixels || !heightPixels) return null;
  return { x, y, widthPixels, heightPixels };
};

const levelsOf = (library: OpenSlideLibrary, handle: OpenSlideHandle): SlideLevel[] =>
  Array.from({ length: library.levelCount(handle) }, (_, level) => ({
    ...library.levelSize(handle, level),
    downsample: library.levelDownsample(handle, level),
  }));

/**
 * Opens a slide with OpenSlide; null when none of its readers takes the file. `tiff` is the file's first directory where
 * it is a TIFF: OpenSlide 3 ignores a generic TIFF's resolution tags. Throws SLIDE_CORRUPT.
 */
export const openWithOpenSlide = async (
  library: OpenSlideLibrary,
  path: string,
  tiff: TiffDirectory | null,
): Promise<OpenedSlide | null> => {
  const handle = await withReadSlot(() => library.open(path));
  if (!handle) return null;
  const failure = library.error(handle);
  if (failure !== null) {
    await library.close(handle);
    throw undecodable(failure);
  }
  const property = (name: string) => library.property(handle, name);
  const levels = levelsOf(library, handle);
  const [base] = levels;
  if (!base) {
    await library.close(handle);
    throw undecodable("no level");
  }
  const background = backgroundOf(property("openslide.background-color"));
  const stated = toMicronsPerPixel(numberOf(property("openslide.mpp-x")), numberOf(property("openslide.mpp-y")));
  const gate = readGate(() => library.close(handle));
  const spare: Uint32Array[] = [];
  return {
    backend: "openslide",
    vendor: property("openslide.vendor"),
    widthPixels: base.widthPixels,
    heightPixels: base.heightPixels,
    levels,
    micronsPerPixel: stated ?? (tiff ? tiffMicronsPerPixel(tiff) : null),
    bounds: boundsOf(property),
    properties: Object.fromEntries(
      ALLOWED_PROPERTIES.flatMap((name) => {
        const value = property(name);
        return value === null ? [] : [[name, value]];
      }),
    ),
    readRegion: async (region, target) => {
      const { left, top, widthPixels, heightPixels } = windowOnLevel(levels, region);
      const downsample = levels[region.level]?.downsample ?? 1;
      const pixels = widthPixels * heightPixels;
      const kept = spare.findIndex((words) => words.length === pixels);
      const [words = new Uint32Array(pixels)] = kept === -1 ? [] : spare.splice(kept, 1);
      await gate.run(async () => {
        // OpenSlide blends neighbours at fractional positions; whole pixels of the level keep the scan's own values.
        const x = Math.round(left * downsample);
        const y = Math.round(top * downsample);
        await withReadSlot(() => library.readRegion(handle, x, y, region.level, widthPixels, heightPixels, words));
        const error = library.error(handle);
        if (error !== null) throw undecodable(error);
      });
      const rgb = await argbToRgb(words, background, target);
      if (spare.length < MAX_SPARE && pixels <= MAX_SPARE_PIXELS) spare.push(words);
      return rgb;
    },
    close: () => gate.close(),
  };
};
