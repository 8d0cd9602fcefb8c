import { type FileHandle, open, stat } from "node:fs/promises";
import { extname } from "node:path";
import sharp from "sharp";
import { isHistoError } from "../platform/errors.ts";
import { openTiledTiff, openUntiledImage } from "./libvipsReader.ts";
import { openSlideLibrary } from "./openslideLibrary.ts";
import { openWithOpenSlide } from "./openslideReader.ts";
import * as refusals from "./refusals.ts";
import { readTiffDirectories, type TiffDirectory } from "./tiffDirectory.ts";
import { isForeignVendor, isReadableByLibvips, isStackOfPlanes, tiffPyramid, tiffVendor } from "./tiffPyramid.ts";
import type { OpenedSlide, SlideBackend } from "./types.ts";

/** Formats known by their first bytes that no backend reads. */
const CONVERTIBLE_SIGNATURES: readonly (readonly [string, string])[] = [["ZISRAWFILE", "Zeiss CZI"]];
/** Formats known by the file's ending only. */
const CONVERTIBLE_ENDINGS: Readonly<Record<string, string>> = {
  ".czi": "Zeiss CZI",
  ".vsi": "Olympus VSI",
  ".lif": "Leica LIF",
  ".nd2": "Nikon ND2",
  ".isyntax": "Philips iSyntax",
  ".zvi": "Zeiss ZVI",
};
/** Formats of several files whose first one looks like a plain picture or text. */
const OPENSLIDE_ENDINGS: Readonly<Record<string, string>> = {
  ".mrxs": "MIRAX",
  ".vms": "Hamamatsu VMS",
  ".vmu": "Hamamatsu VMU",
};

/** Endings under which a slide of several files is expected. */
const LISTS_OF_FILES: readonly string[] = Object.keys(OPENSLIDE_ENDINGS);
/** OpenSlide reads such texts up to 64 KiB; no slide of another format is as small as this. */
const LARGEST_LIST_BYTES = 2 ** 20;

type Contents =
  | { readonly kind: "tiff"; readonly directories: readonly TiffDirectory[] }
  | { readonly kind: "picture" | "dicom" | "other" | "text" }
  | { readonly kind: "convertible"; readonly format: string };

const isPicture = (head: Buffer): boolean =>
  head.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff)) || head.subarray(1, 4).toString("latin1") === "PNG";

const readTiff = async (file: FileHandle, sizeBytes: number): Promise<Contents> => {
  const reading = await readTiffDirectories({
    sizeBytes,
    read: async (offset, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
  });
  switch (reading.kind) {
    case "other":
      return { kind: "other" };
    case "damaged":
      // NDPI files beyond 4 GiB keep TIFF's 32-bit fields and cannot be followed by TIFF's rules.
      if (sizeBytes > 2 ** 32) return { kind: "other" };
      throw reading.damage === "truncated" ? refusals.endsEarly() : refusals.contradictsItself();
    case "tiff":
      // Decoders fill what is missing with grey and say nothing, so the length is checked before any pixel is read.
      if (reading.directories.some((directory) => directory.dataEnd > sizeBytes)) throw refusals.endsEarly();
      return { kind: "tiff", directories: reading.directories };
  }
};

const identify = async (path: string): Promise<Contents> => {
  let file: FileHandle;
  let sizeBytes: number;
  try {
    const found = await stat(path);
    if (!found.isFile()) throw refusals.notASlide();
    sizeBytes = found.size;
    file = await open(path, "r");
  } catch (error) {
    throw isHistoError(error) ? error : refusals.fileNotFound(error);
  }
  try {
    if (sizeBytes === 0) throw refusals.endsEarly();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(132), 0, 132, 0);
    const head = buffer.subarray(0, bytesRead);
    const known = CONVERTIBLE_SIGNATURES.find(([signature]) => head.toString("latin1").startsWith(signature));
    if (known) return { kind: "convertible", format: known[1] };
    if (head.subarray(128).toString("latin1") === "DICM") return { kind: "dicom" };
    if (isPicture(head)) return { kind: "picture" };
    const contents = await readTiff(file, sizeBytes);
    const isText = contents.kind === "other" && sizeBytes <= LARGEST_LIST_BYTES;
    return isText ? { kind: "text" } : contents;
  } finally {
    await file.close();
  }
};

/** What libvips makes of the file, or the reason why not. */
const openWithLibvips = async (path: string, contents: Contents): Promise<OpenedSlide> => {
  const ending = extname(path).toLowerCase();
  const ownFormat = OPENSLIDE_ENDINGS[ending];
  if (ownFormat) throw refusals.needsOpenSlide(ownFormat);
  switch (contents.kind) {
    case "convertible":
      throw refusals.needsConversion(contents.format);
    case "dicom":
      throw refusals.needsNewerOpenSlide(openSlideLibrary()?.version ?? null);
    case "picture":
      return openUntiledImage(path, null);
    case "other":
    case "text": {
      const format = CONVERTIBLE_ENDINGS[ending];
      throw format ? refusals.needsConversion(format) : refusals.notASlide();
    }
    case "tiff": {
      const [first] = contents.directories;
      if (!first) throw refusals.contradictsItself();
      const vendor = tiffVendor(first);
      if (isForeignVendor(vendor)) throw refusals.needsOpenSlide(vendor);
      if (CONVERTIBLE_ENDINGS[ending]) throw refusals.needsConversion(CONVERTIBLE_ENDINGS[ending]);
      const pyramid = tiffPyramid(contents.directories);
      const readable = pyramid.filter(({ directory }) => isReadableByLibvips(directory));
      if (!isReadableByLibvips(first)) throw refusals.unsupportedTiff();
      return pyramid.length > 0 ? openTiledTiff(path, readable) : openUntiledImage(path, first);
    }
  }
};

/** OME-TIFF keeps its pyramid in SubIFDs, of which OpenSlide sees only the finest level. */
const hasNestedPyramid = (contents: Contents): boolean =>
  contents.kind === "tiff" && (contents.directories[0]?.subIfds.length ?? 0) > 0;

/** OpenSlide knows a list of files by its text and follows it anywhere: under another ending nobody expects that. */
const isHiddenList = (path: string, { kind }: Contents): boolean =>
  kind === "text" && !LISTS_OF_FILES.includes(extname(path).toLowerCase());

/**
 * Opens a slide for reading. Without `backend`, OpenSlide is asked first where it is installed, then libvips.
 * Throws FILE_NOT_FOUND; FORMAT_UNSUPPORTED with the command that converts the file; SLIDE_CORRUPT for a file that ends
 * early or cannot be decoded. Messages never hold the path.
 */
export const openSlide = async (path: string, options: { backend?: SlideBackend } = {}): Promise<OpenedSlide> => {
  const contents = await identify(path);
  const library = openSlideLibrary();
  if (options.backend === "openslide" && !library) throw refusals.openSlideMissing();
  const first = contents.kind === "tiff" ? (contents.directories[0] ?? null) : null;
  if (first && isStackOfPlanes(first)) throw refusals.stackOfPlanes();
  const asksOpenSlide = options.backend ? options.backend === "openslide" : !hasNestedPyramid(contents);
  if (library && asksOpenSlide) {
    const slide = isHiddenList(path, contents) ? null : await openWithOpenSlide(library, path, first);
    if (slide) return slide;
    if (options.backend === "openslide")
      throw contents.kind === "dicom" ? refusals.needsNewerOpenSlide(library.version) : refusals.notASlide();
  }
  return openWithLibvips(path, contents);
};

/** Which slide libraries this machine has; libvips comes with the package. */
export const slideBackends = (): {
  openslide: { available: boolean; version: string | null };
  libvips: { version: string };
} => {
  const library = openSlideLibrary();
  return {
    openslide: { available: library !== null, version: library?.version ?? null },
    libvips: { version: sharp.versions.vips },
  };
};
