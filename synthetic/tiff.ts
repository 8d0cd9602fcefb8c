/** Writes what a slide and its truth look like to disk, each file whole or not at all. */
import { rename, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { MICRONS_PER_PIXEL } from "./layout.ts";

const TAG = {
  imageWidth: 256,
  imageDescription: 270,
  xResolution: 282,
  yResolution: 283,
  resolutionUnit: 296,
} as const;
const ASCII = 2;
const CENTIMETRE = 3;
const PIXELS_PER_CENTIMETRE = 10_000 / MICRONS_PER_PIXEL;

type Entry = { tag: number; bytes: Buffer };

const readEntries = (tiff: Buffer, directory: number): Entry[] =>
  Array.from({ length: tiff.readUInt16LE(directory) }, (_, i) => {
    const at = directory + 2 + 12 * i;
    return { tag: tiff.readUInt16LE(at), bytes: tiff.subarray(at, at + 12) };
  });

const descriptionEntry = (length: number, offset: number): Entry => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(TAG.imageDescription, 0);
  bytes.writeUInt16LE(ASCII, 2);
  bytes.writeUInt32LE(length, 4);
  bytes.writeUInt32LE(offset, 8);
  return { tag: TAG.imageDescription, bytes };
};

/**
 * Rewrites the page directories of a little-endian TIFF (TIFF 6.0, 1992) at its end: every page gets an ImageDescription, and its
 * own resolution (libvips repeats that of the first page on the reduced ones and cannot write descriptions itself).
 */
const describePages = (tiff: Buffer, description: string): Buffer => {
  if (tiff.toString("latin1", 0, 4) !== "II*\0") throw new Error("Only little-endian classic TIFF can be described.");
  const text = Buffer.from(`${description}\0${description.length % 2 === 0 ? "\0" : ""}`, "latin1");
  const pad = Buffer.alloc(tiff.length % 2);
  const parts: Buffer[] = [tiff, pad, text];
  let end = tiff.length + pad.length + text.length;
  const textOffset = tiff.length + pad.length;
  let link = 4;
  let linkIn = tiff;
  let fullWidth = 0;
  for (let directory = tiff.readUInt32LE(4); directory !== 0; ) {
    const entries = readEntries(tiff, directory);
    const width = entries.find(({ tag }) => tag === TAG.imageWidth)?.bytes.readUInt16LE(8) ?? 0;
    fullWidth ||= width;
    for (const { tag, bytes } of entries) {
      if (tag === TAG.resolutionUnit) bytes.writeUInt16LE(CENTIMETRE, 8);
      if (tag !== TAG.xResolution && tag !== TAG.yResolution) continue;
      const rational = bytes.readUInt32LE(8);
      tiff.writeUInt32LE(Math.round((PIXELS_PER_CENTIMETRE * width) / fullWidth), rational);
      tiff.writeUInt32LE(1, rational + 4);
    }
    const described = [...entries, descriptionEntry(description.length + 1, textOffset)].sort((a, b) => a.tag - b.tag);
    const copy = Buffer.alloc(2 + 12 * described.length + 4);
    copy.writeUInt16LE(described.length, 0);
    for (const [i, { bytes }] of described.entries()) bytes.copy(copy, 2 + 12 * i);
    linkIn.writeUInt32LE(end, link);
    link = copy.length - 4;
    linkIn = copy;
    parts.push(copy);
    end += copy.length;
    directory = tiff.readUInt32LE(directory + 2 + 12 * entries.length);
  }
  return Buffer.concat(parts);
};

const writeWhole = async (file: string, bytes: Buffer): Promise<void> => {
  await writeFile(`${file}.partial`, bytes);
  await rename(`${file}.partial`, file);
};

/** Tiled pyramidal TIFF (256 px JPEG tiles) at 0.5 µm/px from RGB bytes, `edge` × `edge` × 3. */
export const writeSlide = async (
  file: string,
  rgb: Uint8ClampedArray,
  edge: number,
  description: string,
): Promise<void> => {
  const pixelsPerMillimetre = PIXELS_PER_CENTIMETRE / 10;
  const pyramid = await sharp(rgb, { raw: { width: edge, height: edge, channels: 3 } })
    .tiff({
      tile: true,
      tileWidth: 256,
      tileHeight: 256,
      pyramid: true,
      compression: "jpeg",
      quality: 85,
      xres: pixelsPerMillimetre,
      yres: pixelsPerMillimetre,
      resolutionUnit: "cm",
    })
    .toBuffer();
  await writeWhole(file, describePages(pyramid, description));
};

/** Greyscale PNG whose values are the field's: 8 bits from bytes, 16 bits from 16-bit integers; `edge` × `edge`. */
export const writeField = async (
  file: string,
  field: Uint8Array | Uint16Array,
  edge: number,
  description: string,
): Promise<void> => {
  const png = await sharp(field, { raw: { width: edge, height: edge, channels: 1 } })
    .toColourspace(field instanceof Uint16Array ? "grey16" : "b-w")
    .withExif({ IFD0: { ImageDescription: description } })
    .png()
    .toBuffer();
  await writeWhole(file, png);
};
