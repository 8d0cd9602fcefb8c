/** Random access to a file's bytes; `read` may give fewer bytes than asked at the end of the file. */
export type ByteSource = { readonly sizeBytes: number; read(offset: number, length: number): Promise<Uint8Array> };

export type TiffPieces = { readonly offsets: Float64Array; readonly byteCounts: Float64Array };

/** One image file directory: the tags that decide how a picture is read and how large its pixels are. */
export type TiffDirectory = {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly isTiled: boolean;
  readonly compression: number;
  readonly photometric: number;
  readonly bitsPerSample: readonly number[];
  readonly samplesPerPixel: number;
  /** 1 = the channels of a pixel lie together, 2 = apart. */
  readonly planarConfiguration: number;
  readonly newSubfileType: number;
  readonly imageDescription: string | null;
  readonly make: string | null;
  readonly model: string | null;
  readonly xResolution: number | null;
  readonly yResolution: number | null;
  /** 1 = no unit, 2 = inch, 3 = centimetre; null when the tag is absent. */
  readonly resolutionUnit: number | null;
  /** Numbers of all tags present, ascending; vendors are told apart by their private ones. */
  readonly tags: readonly number[];
  /** Where the tiles or strips lie in the file; a count of zero is a tile that was left out. */
  readonly pieces: TiffPieces;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Quantisation and Huffman tables that the JPEG tiles share, as a JPEG stream of their own. */
  readonly jpegTables: Uint8Array | null;
  /** Highest byte that a tile or strip claims, exclusive. */
  readonly dataEnd: number;
  readonly subIfds: readonly TiffDirectory[];
};

/** Why a file that begins as a TIFF cannot be followed to its end. */
export type TiffDamage = "truncated" | "malformed";
export type TiffReading =
  | { readonly kind: "tiff"; readonly directories: readonly TiffDirectory[] }
  | { readonly kind: "damaged"; readonly damage: TiffDamage }
  | { readonly kind: "other" };

/** Tag numbers of TIFF 6.0 (Adobe, 1992) and its Technical Note 1 (SubIFDs). */
const TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  imageDescription: 270,
  make: 271,
  model: 272,
  stripOffsets: 273,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planarConfiguration: 284,
  resolutionUnit: 296,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subIfds: 330,
  jpegTables: 347,
} as const;

/** Bytes of one value by TIFF field type; 16–18 are BigTIFF's 64-bit integers. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

// Bounds on what a damaged or hostile file can make us read.
const MAX_DIRECTORIES = 4096;
const MAX_ENTRIES = 4096;
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_NUMBERS = 8 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

class TiffDamageError extends Error {
  readonly damage: TiffDamage;
  constructor(damage: TiffDamage) {
    super(damage);
    this.damage = damage;
  }
}

type Layout = { readonly littleEndian: boolean; readonly isBig: boolean };
type Entry = { readonly type: number; readonly count: number; readonly offset: number };
type Reader = Layout & { readonly source: ByteSource; readonly seen: Set<number> };

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const readExactly = async (source: ByteSource, offset: number, length: number): Promise<DataView> => {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new TiffDamageError("malformed");
  if (offset + length > source.sizeBytes) throw new TiffDamageError("truncated");
  const bytes = await source.read(offset, length);
  if (bytes.byteLength < length) throw new TiffDamageError("truncated");
  return viewOf(bytes);
};

const uint64 = (view: DataView, at: number, littleEndian: boolean): number => {
  const value = Number(view.getBigUint64(at, littleEndian));
  if (!Number.isSafeInteger(value)) throw new TiffDamageError("malformed");
  return value;
};

const readNumber = (view: DataView, at: number, type: number, littleEndian: boolean): number => {
  switch (type) {
    case 1:
    case 7:
      return view.getUint8(at);
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5: {
      const denominator = view.getUint32(at + 4, littleEndian);
      return denominator === 0 ? Number.NaN : view.getUint32(at, littleEndian) / denominator;
    }
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 16:
    case 18:
      return uint64(view, at, littleEndian);
    default:
      return Number.NaN;
  }
};

/** Visits the numbers of a field piece by piece. */
const visitNumbers = async (
  reader: Reader,
  entry: Entry,
  visit: (value: number, index: number) => void,
): Promise<void> => {
  const bytesEach = TYPE_BYTES[entry.type];
  if (bytesEach === undefined || entry.count > MAX_NUMBERS) throw new TiffDamageError("malformed");
  const perChunk = Math.floor(CHUNK_BYTES / bytesEach);
  for (let start = 0; start < entry.count; start += perChunk) {
    const length = Math.min(perChunk, entry.count - start);
    const view = await readExactly(reader.source, entry.offset + start * bytesEach, length * bytesEach);
    for (let i = 0; i < length; i++) visit(readNumber(view, i * bytesEach, entry.type, reader.littleEndian), start + i);
  }
};

const numbersOf = async (reader: Reader, entry: Entry | undefined, limit: number): Promise<number[]> => {
  const values: number[] = [];
  if (!entry) return values;
  await visitNumbers(reader, { ...entry, count: Math.min(entry.count, limit) }, (value) => values.push(value));
  return values;
};

const textOf = async (reader: Reader, entry: Entry | undefined): Promise<string | null> => {
  if (!entry || (entry.type !== 2 && entry.type !== 1 && entry.type !== 7)) return null;
  const view = await readExactly(reader.source, entry.offset, Math.min(entry.count, MAX_TEXT_BYTES));
  const text = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("utf8");
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
};

const readEntries = async (reader: Reader, at: number): Promise<{ entries: Map<number, Entry>; next: number }> => {
  const { littleEndian, isBig, source } = reader;
  const countBytes = isBig ? 8 : 2;
  const head = await readExactly(source, at, countBytes);
  const count = isBig ? uint64(head, 0, littleEndian) : head.getUint16(0, littleEndian);
  if (count === 0 || count > MAX_ENTRIES) throw new TiffDamageError("malformed");
  const entryBytes = isBig ? 20 : 12;
  const start = at + countBytes;
  const view = await readExactly(source, start, count * entryBytes + (isBig ? 8 : 4));
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i++) {
    const o = i * entryBytes;
    const type = view.getUint16(o + 2, littleEndian);
    const values = isBig ? uint64(view, o + 4, littleEndian) : view.getUint32(o + 4, littleEndian);
    const valueAt = o + (isBig ? 12 : 8);
    const fits = values * (TYPE_BYTES[type] ?? 1) <= (isBig ? 8 : 4);
    const pointer = isBig ? view.getBigUint64(valueAt, littleEndian) : view.getUint32(valueAt, littleEndian);
    entries.set(view.getUint16(o, littleEndian), {
      type,
      count: values,
      offset: fits ? start + valueAt : Number(pointer),
    });
  }
  const nextAt = count * entryBytes;
  return { entries, next: isBig ? uint64(view, nextAt, littleEndian) : view.getUint32(nextAt, littleEndian) };
};

const floatsOf = async (reader: Reader, entry: Entry | undefined, length: number): Promise<Float64Array> => {
  const values = new Float64Array(length);
  if (entry)
    await visitNumbers(reader, { ...entry, count: length }, (value, index) => {
      values[index] = value;
    });
  return values;
};

const readPieces = async (
  reader: Reader,
  offsets: Entry | undefined,
  counts: Entry | undefined,
): Promise<TiffPieces> => {
  const length = Math.min(offsets?.count ?? 0, counts?.count ?? 0);
  if (length > MAX_NUMBERS) throw new TiffDamageError("malformed");
  return { offsets: await floatsOf(reader, offsets, length), byteCounts: await floatsOf(reader, counts, length) };
};

const endOf = ({ offsets, byteCounts }: TiffPieces): number =>
  byteCounts.reduce((end, count, index) => (count > 0 ? Math.max(end, (offsets[index] ?? 0) + count) : end), 0);

const bytesOf = async (reader: Reader, entry: Entry | undefined): Promise<Uint8Array | null> => {
  if (!entry) return null;
  const view = await readExactly(reader.source, entry.offset, Math.min(entry.count, MAX_TEXT_BYTES));
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
};

const readDirectory = async (reader: Reader, entries: Map<number, Entry>, depth: number): Promise<TiffDirectory> => {
  const one = async (tag: number): Promise<number | null> => {
    const [value] = await numbersOf(reader, entries.get(tag), 1);
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const isTiled = entries.has(TAG.tileWidth);
  const pieces = await readPieces(
    reader,
    entries.get(isTiled ? TAG.tileOffsets : TAG.stripOffsets),
    entries.get(isTiled ? TAG.tileByteCounts : TAG.stripByteCounts),
  );
  const subIfds: TiffDirectory[] = [];
  if (depth === 0)
    for (const at of await numbersOf(reader, entries.get(TAG.subIfds), MAX_DIRECTORIES)) {
      if (reader.seen.has(at)) throw new TiffDamageError("malformed");
      reader.seen.add(at);
      subIfds.push(await readDirectory(reader, (await readEntries(reader, at)).entries, depth + 1));
    }
  return {
    widthPixels: (await one(TAG.imageWidth)) ?? 0,
    heightPixels: (await one(TAG.imageLength)) ?? 0,
    isTiled,
    compression: (await one(TAG.compression)) ?? 1,
    photometric: (await one(TAG.photometric)) ?? 0,
    bitsPerSample: await numbersOf(reader, entries.get(TAG.bitsPerSample), 16),
    samplesPerPixel: (await one(TAG.samplesPerPixel)) ?? 1,
    planarConfiguration: (await one(TAG.planarConfiguration)) ?? 1,
    newSubfileType: (await one(TAG.newSubfileType)) ?? 0,
    imageDescription: await textOf(reader, entries.get(TAG.imageDescription)),
    make: await textOf(reader, entries.get(TAG.make)),
    model: await textOf(reader, entries.get(TAG.model)),
    xResolution: await one(TAG.xResolution),
    yResolution: await one(TAG.yResolution),
    resolutionUnit: await one(TAG.resolutionUnit),
    tags: [...entries.keys()].sort((a, b) => a - b),
    pieces,
    tileWidth: (await one(TAG.tileWidth)) ?? 0,
    tileHeight: (await one(TAG.tileLength)) ?? 0,
    jpegTables: await bytesOf(reader, entries.get(TAG.jpegTables)),
    dataEnd: endOf(pieces),
    subIfds,
  };
};

const readHeader = async (source: ByteSource): Promise<(Layout & { first: number }) | null> => {
  if (source.sizeBytes < 8) return null;
  const view = await readExactly(source, 0, Math.min(16, source.sizeBytes));
  const order = view.getUint16(0, false);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const littleEndian = order === 0x4949;
  const version = view.getUint16(2, littleEndian);
  if (version === 42) return { littleEndian, isBig: false, first: view.getUint32(4, littleEndian) };
  if (version !== 43 || view.byteLength < 16) return null;
  return { littleEndian, isBig: true, first: uint64(view, 8, littleEndian) };
};

/**
 * Reads the directories of a TIFF or BigTIFF (TIFF 6.0, Adobe 1992; BigTIFF, Joris Van Damme and others 2007).
 * A file of another kind is `other`; one that ends early or contradicts itself is `damaged`. Work is bounded for any
 * bytes whatever: loops are noticed, counts are limited. Fails only where `source.read` fails.
 */
export const readTiffDirectories = async (source: ByteSource): Promise<TiffReading> => {
  try {
    const header = await readHeader(source);
    if (!header) return { kind: "other" };
    const reader: Reader = { ...header, source, seen: new Set() };
    const directories: TiffDirectory[] = [];
    let at = header.first;
    while (at !== 0) {
      if (reader.seen.has(at) || directories.length >= MAX_DIRECTORIES) throw new TiffDamageError("malformed");
      reader.seen.add(at);
      const { entries, next } = await readEntries(reader, at);
      directories.push(await readDirectory(reader, entries, 0));
      at = next;
    }
    if (directories.length === 0) throw new TiffDamageError("malformed");
    return { kind: "tiff", directories };
  } catch (error) {
    if (error instanceof TiffDamageError) return { kind: "damaged", damage: error.damage };
    throw error;
  }
};
