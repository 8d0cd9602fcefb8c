import { type FileHandle, open } from "node:fs/promises";
import sharp from "sharp";
import type { LevelWindow } from "./pixels.ts";
import { withReadSlot } from "./readLimit.ts";
import { undecodable } from "./refusals.ts";
import type { TiffDirectory } from "./tiffDirectory.ts";

/** Decoded tiles kept for each slide; neighbouring patches share them. */
const CACHE_BYTES = 32 * 1024 * 1024;

const MARKER = { start: 0xd8, end: 0xd9, startOfScan: 0xda, adobe: 0xee } as const;

/** Segments of a JPEG stream between its start and its scan (or end), without Adobe's marker, and what follows. */
const splitJpeg = (bytes: Uint8Array): { segments: Uint8Array[]; rest: Uint8Array } => {
  const segments: Uint8Array[] = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === MARKER.startOfScan || marker === MARKER.end) break;
    const length = 2 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0);
    if (marker !== MARKER.adobe) segments.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { segments, rest: bytes.subarray(at) };
};

/** Adobe's APP14 marker (Adobe Technical Note 5116): transform 0 = RGB as it stands, 1 = YCbCr. */
const adobeMarker = (transform: 0 | 1): Uint8Array =>
  Uint8Array.of(0xff, MARKER.adobe, 0, 14, ...Buffer.from("Adobe", "latin1"), 0, 100, 0, 0, 0, 0, transform);

/**
 * A tile's abbreviated JPEG stream made whole: the shared tables go in front, and the TIFF's own word on the colours
 * (photometric 2 = RGB, 6 = YCbCr) replaces the decoder's guess, as TIFF Technical Note 2 asks.
 */
export const wholeJpeg = (
  tile: Uint8Array,
  { jpegTables, photometric, samplesPerPixel }: Pick<TiffDirectory, "jpegTables" | "photometric" | "samplesPerPixel">,
): Buffer => {
  const { segments, rest } = splitJpeg(tile);
  const colour = samplesPerPixel === 3 ? [adobeMarker(photometric === 6 ? 1 : 0)] : [];
  const tables = jpegTables ? splitJpeg(jpegTables).segments : [];
  return Buffer.concat([Uint8Array.of(0xff, MARKER.start), ...colour, ...tables, ...segments, rest]);
};

/** Whether a directory's tiles are plain JPEGs that this reader takes apart itself. */
export const hasJpegTiles = (directory: TiffDirectory): boolean =>
  directory.isTiled &&
  directory.compression === 7 &&
  directory.planarConfiguration === 1 &&
  (directory.samplesPerPixel === 1 || directory.samplesPerPixel === 3) &&
  directory.tileWidth > 0 &&
  directory.tileHeight > 0;

/** Where a tile and a window meet, copied row by row. */
const copyTile = (
  out: Uint8Array,
  part: LevelWindow,
  tile: Uint8Array,
  left: number,
  top: number,
  { tileWidth, tileHeight }: TiffDirectory,
): void => {
  const fromX = Math.max(left, part.left);
  const toX = Math.min(left + tileWidth, part.left + part.widthPixels);
  const toY = Math.min(top + tileHeight, part.top + part.heightPixels);
  for (let y = Math.max(top, part.top); y < toY; y++) {
    const from = ((y - top) * tileWidth + fromX - left) * 3;
    const to = ((y - part.top) * part.widthPixels + fromX - part.left) * 3;
    out.set(tile.subarray(from, from + (toX - fromX) * 3), to);
  }
};

/**
 * Reads JPEG tiles by their place in the file and decodes each once. libvips' own TIFF reader passes over damaged
 * JPEG data in silence; its JPEG reader, used here, reports what breaks the code: SLIDE_CORRUPT.
 */
export const openJpegTiles = async (path: string) => {
  const file: FileHandle = await open(path, "r");
  const cache = new Map<string, Promise<Uint8Array>>();

  const decode = async (directory: TiffDirectory, index: number): Promise<Uint8Array> => {
    const { tileWidth, tileHeight, pieces } = directory;
    const length = pieces.byteCounts[index] ?? 0;
    if (length === 0) return new Uint8Array(tileWidth * tileHeight * 3).fill(255);
    return withReadSlot(async () => {
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, pieces.offsets[index] ?? 0);
        if (bytesRead < length) throw new Error("The tile ends early.");
        const { data, info } = await sharp(wholeJpeg(buffer, directory), { failOn: "warning", ignoreIcc: true })
          .toColourspace("srgb")
          .raw()
          .toBuffer({ resolveWithObject: true });
        if (info.width !== tileWidth || info.height !== tileHeight || info.channels !== 3)
          throw new Error("The tile has another shape than its directory says.");
        return data;
      } catch (error) {
        throw undecodable(error);
      }
    });
  };

  const tileOf = (level: number, directory: TiffDirectory, index: number): Promise<Uint8Array> => {
    const key = `${level}:${index}`;
    const tile = cache.get(key) ?? decode(directory, index);
    // Taken out and put back, the tile is the youngest; the oldest leave first.
    cache.delete(key);
    cache.set(key, tile);
    const capacity = Math.max(4, Math.floor(CACHE_BYTES / (directory.tileWidth * directory.tileHeight * 3)));
    for (const oldest of cache.keys()) {
      if (cache.size <= capacity) break;
      cache.delete(oldest);
    }
    return tile;
  };

  return {
    /** RGB pixels of a window wholly inside the level. */
    read: async (level: number, directory: TiffDirectory, part: LevelWindow): Promise<Uint8Array> => {
      const { tileWidth, tileHeight } = directory;
      const columns = Math.ceil(directory.widthPixels / tileWidth);
      const out = new Uint8Array(part.widthPixels * part.heightPixels * 3);
      const right = part.left + part.widthPixels;
      const bottom = part.top + part.heightPixels;
      for (let row = Math.floor(part.top / tileHeight); row * tileHeight < bottom; row++) {
        const first = Math.floor(part.left / tileWidth);
        const count = Math.ceil(right / tileWidth) - first;
        const places = Array.from({ length: count }, (_, i) => first + i);
        const tiles = await Promise.all(places.map((column) => tileOf(level, directory, row * columns + column)));
        for (const [i, tile] of tiles.entries())
          copyTile(out, part, tile, (first + i) * tileWidth, row * tileHeight, directory);
      }
      return out;
    },
    close: async (): Promise<void> => {
      cache.clear();
      await file.close();
    },
  };
};
