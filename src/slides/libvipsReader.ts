import sharp, { type Sharp } from "sharp";
import { hasJpegTiles, openJpegTiles } from "./jpegTiles.ts";
import { clipToLevel, type LevelWindow, placeOnWhite, windowOnLevel } from "./pixels.ts";
import { readGate, withReadSlot } from "./readLimit.ts";
import { tooLargeWithoutTiles, undecodable } from "./refusals.ts";
import { tiffMicronsPerPixel } from "./resolution.ts";
import type { TiffDirectory } from "./tiffDirectory.ts";
import { type TiffLevel, tiffVendor } from "./tiffPyramid.ts";
import type { OpenedSlide, SlideLevel } from "./types.ts";

// libvips remembers opened files by name: a slide replaced under the same name would go on giving the old pixels.
sharp.cache(false);

/** A picture without tiles is decoded whole and kept; larger ones belong in a tiled file. */
const MAX_UNTILED_PIXELS = 64 * 1024 * 1024;

/** Random access, raw stored colours, and no result from a file that libvips finds damaged. */
const SHARP_OPTIONS = { limitInputPixels: false, sequentialRead: false, ignoreIcc: true, failOn: "error" } as const;

/** RGB bytes of a picture: grey becomes three equal channels, transparency is laid on white. */
const toRgb = (image: Sharp): Promise<Buffer> =>
  image.flatten({ background: "#ffffff" }).toColourspace("srgb").raw().toBuffer();

const levelsOf = (pyramid: readonly TiffLevel[]): SlideLevel[] => {
  const base = pyramid[0]?.directory;
  return pyramid.map(({ directory: { widthPixels, heightPixels } }) => ({
    widthPixels,
    heightPixels,
    // OpenSlide's definition, so that a level-0 position means the same pixel to both.
    downsample: base ? (base.widthPixels / widthPixels + base.heightPixels / heightPixels) / 2 : 1,
  }));
};

const tiffProperties = (first: TiffDirectory, vendor: string): Record<string, string> => {
  const entries: [string, string | number | null | undefined][] = [
    ["tiff.Make", first.make?.trim()],
    ["tiff.Model", first.model?.trim()],
    ["tiff.XResolution", first.xResolution],
    ["tiff.YResolution", first.yResolution],
    ["tiff.ResolutionUnit", first.resolutionUnit && ["none", "inch", "centimeter"][first.resolutionUnit - 1]],
  ];
  if (vendor === "aperio")
    for (const name of ["AppMag", "MPP"])
      entries.push([
        `aperio.${name}`,
        new RegExp(`\\|\\s*${name}\\s*=\\s*([\\d.]+)`).exec(first.imageDescription ?? "")?.[1],
      ]);
  return Object.fromEntries(entries.flatMap(([name, value]) => (value ? [[name, String(value)]] : [])));
};

/** Opens the pyramid of a tiled TIFF with libvips, tile by tile: memory does not grow with the slide. */
export const openTiledTiff = async (path: string, pyramid: readonly TiffLevel[]): Promise<OpenedSlide> => {
  const levels = levelsOf(pyramid);
  const [base] = pyramid;
  const [finest] = levels;
  if (!base || !finest) throw undecodable("no level");
  const vendor = tiffVendor(base.directory);
  const jpegTiles = await openJpegTiles(path);
  const gate = readGate(() => jpegTiles.close());

  const readPart = async (level: TiffLevel, part: LevelWindow): Promise<Uint8Array> => {
    const place = level.subIfd < 0 ? { page: level.page } : { page: level.page, tiff: { subifd: level.subIfd } };
    const area = { left: part.left, top: part.top, width: part.widthPixels, height: part.heightPixels };
    try {
      return await withReadSlot(() => toRgb(sharp(path, { ...SHARP_OPTIONS, ...place }).extract(area)));
    } catch (error) {
      throw undecodable(error);
    }
  };

  return {
    backend: "libvips",
    vendor,
    widthPixels: finest.widthPixels,
    heightPixels: finest.heightPixels,
    levels,
    micronsPerPixel: tiffMicronsPerPixel(base.directory),
    bounds: null,
    properties: tiffProperties(base.directory, vendor),
    readRegion: async (region) => {
      const window = windowOnLevel(levels, region);
      const level = levels[region.level] ?? finest;
      const tiffLevel = pyramid[region.level] ?? base;
      const part = clipToLevel(window, level);
      if (!part) return gate.run(async () => placeOnWhite(null, null, window));
      const pixels = await gate.run(() =>
        hasJpegTiles(tiffLevel.directory)
          ? jpegTiles.read(region.level, tiffLevel.directory, part)
          : readPart(tiffLevel, part),
      );
      return placeOnWhite(pixels, part, window);
    },
    close: () => gate.close(),
  };
};

/**
 * Opens a picture without tiles (PNG, JPEG, a stripped TIFF) as a slide of one level. It is decoded whole on the first
 * read and kept until closed, three bytes a pixel. `tiff` is its first directory where it is a TIFF.
 * Throws FORMAT_UNSUPPORTED for what libvips does not know, and for more than 64 Mpx.
 */
export const openUntiledImage = async (path: string, tiff: TiffDirectory | null): Promise<OpenedSlide> => {
  const open = () => sharp(path, { ...SHARP_OPTIONS, page: 0, autoOrient: false });
  const found = await withReadSlot(() => open().metadata()).catch((error: unknown) => {
    throw undecodable(error);
  });
  const level: SlideLevel = { widthPixels: found.width, heightPixels: found.height, downsample: 1 };
  if (level.widthPixels * level.heightPixels > MAX_UNTILED_PIXELS) throw tooLargeWithoutTiles();
  let decoded: Promise<Uint8Array> | null = null;
  const decode = () => {
    decoded ??= withReadSlot(() => toRgb(open())).catch((error: unknown) => {
      throw undecodable(error);
    });
    return decoded;
  };
  const gate = readGate(async () => {
    decoded = null;
  });
  return {
    backend: "libvips",
    vendor: null,
    widthPixels: level.widthPixels,
    heightPixels: level.heightPixels,
    levels: [level],
    micronsPerPixel: tiff ? tiffMicronsPerPixel(tiff) : null,
    bounds: null,
    properties: tiff ? tiffProperties(tiff, "generic-tiff") : {},
    readRegion: async (region) => {
      const window = windowOnLevel([level], region);
      const part = clipToLevel(window, level);
      const pixels = await gate.run(decode);
      return placeOnWhite(part && cutOut(pixels, level, part), part, window);
    },
    close: () => gate.close(),
  };
};

const cutOut = (pixels: Uint8Array, level: SlideLevel, part: LevelWindow): Uint8Array => {
  const rowBytes = part.widthPixels * 3;
  const out = new Uint8Array(rowBytes * part.heightPixels);
  for (let row = 0; row < part.heightPixels; row++) {
    const from = ((part.top + row) * level.widthPixels + part.left) * 3;
    out.set(pixels.subarray(from, from + rowBytes), row * rowBytes);
  }
  return out;
};
