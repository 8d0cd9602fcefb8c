import { writeFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";

/** Small slides with a known defect, or none; written by libvips, so that they are what scanners' software writes. */

export type TissueOptions = {
  /** Width and height; 1024 by default, which is 4 × 4 patches of 224 pixels at 0.5 µm/px. */
  edgePixels?: number;
  /** The width, where it is another than the height. */
  widthPixels?: number;
  seed?: number;
  /** µm per pixel; null leaves the resolution out of the file. */
  micronsPerPixel?: number | null;
  compression?: "jpeg" | "deflate";
};

const GRAIN = 32;

/** Numbers from 0 to 255 that depend on the seed only (a linear congruential generator, Numerical Recipes). */
const noise = (seed: number, length: number): Uint8Array => {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
};

/** A tiled pyramidal TIFF without its resolution, or with `micronsPerPixel`. */
const toTiff = (picture: Sharp, { micronsPerPixel = 0.5, compression = "jpeg" }: TissueOptions): Promise<Buffer> => {
  const pixelsPerMillimetre = micronsPerPixel === null ? 1 : 1000 / micronsPerPixel;
  return picture
    .tiff({
      tile: true,
      tileWidth: 256,
      tileHeight: 256,
      pyramid: true,
      compression,
      quality: 90,
      xres: pixelsPerMillimetre,
      yres: pixelsPerMillimetre,
      resolutionUnit: "cm",
    })
    .toBuffer();
};

/** A slide full of stained-looking blobs, every patch different from the others. */
export const tissueTiff = (options: TissueOptions = {}): Promise<Buffer> => {
  const { edgePixels = 1024, seed = 1 } = options;
  const random = noise(seed, GRAIN * GRAIN * 3);
  // Red and blue high, green low: haematoxylin and eosin are purple and pink.
  const pixels = random.map((value, at) => (at % 3 === 1 ? 40 + value / 3 : 130 + value / 3));
  const picture = sharp(pixels, { raw: { width: GRAIN, height: GRAIN, channels: 3 } }).resize(
    options.widthPixels ?? edgePixels,
    edgePixels,
    {
      fit: "fill",
      kernel: "cubic",
    },
  );
  return toTiff(picture, options);
};

/** A slide of nothing but glass. */
export const glassTiff = (): Promise<Buffer> =>
  toTiff(sharp({ create: { width: 1024, height: 1024, channels: 3, background: "#f4f4f4" } }), {});

export const writeTissue = async (path: string, options: TissueOptions = {}): Promise<string> => {
  await writeFile(path, await tissueTiff(options));
  return path;
};

const TILE_OFFSETS = 324;
const TILE_BYTES = 325;

/** The values of an integer tag of the first directory of a classic little-endian TIFF. */
const tagOf = (tiff: Buffer, tag: number): number[] => {
  const directory = tiff.readUInt32LE(4);
  for (let entry = directory + 2; entry < directory + 2 + 12 * tiff.readUInt16LE(directory); entry += 12) {
    if (tiff.readUInt16LE(entry) !== tag) continue;
    const bytes = tiff.readUInt16LE(entry + 2) === 3 ? 2 : 4;
    const count = tiff.readUInt32LE(entry + 4);
    const start = count * bytes <= 4 ? entry + 8 : tiff.readUInt32LE(entry + 8);
    return Array.from({ length: count }, (_, index) =>
      bytes === 2 ? tiff.readUInt16LE(start + 2 * index) : tiff.readUInt32LE(start + 4 * index),
    );
  }
  throw new Error(`The TIFF has no tag ${tag}.`);
};

/** The same slide with some tiles in the middle of its finest level overwritten; the directories stay as they are. */
export const withBrokenTile = (tiff: Buffer, tiles = 1): Buffer => {
  const offsets = tagOf(tiff, TILE_OFFSETS);
  const sizes = tagOf(tiff, TILE_BYTES);
  const middle = Math.floor(offsets.length / 2) + 2;
  const broken = Buffer.from(tiff);
  for (let tile = middle; tile < middle + tiles; tile++) {
    broken.fill(0xff, offsets[tile], (offsets[tile] ?? 0) + (sizes[tile] ?? 0));
  }
  return broken;
};
