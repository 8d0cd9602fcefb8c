import type { Dataset, File } from "h5wasm";
import { HistoError } from "../../platform/errors.ts";
import type { Floats } from "../roundToHalves.ts";
import { type H5Module, loadHdf5, mountFile } from "./library.ts";

/** Values of an attribute that can be shown. */
export type AttributeValue = string | number | boolean | number[];

export type Hdf5Dataset = {
  shape: readonly number[];
  isFloat: boolean;
  attributes: Record<string, AttributeValue>;
  /** Numbers of a range along one axis; a view that the next read overwrites. */
  readFloats(axis: number, from: number, to: number): Floats;
  /** All numbers, for small datasets. */
  readNumbers(): ArrayLike<number | bigint>;
};

export type Hdf5File = {
  /** @throws HistoError FORMAT_UNSUPPORTED for what is no dataset or cannot be decoded */
  dataset(name: string): Hdf5Dataset | null;
  close(): void;
};

const SIGNATURE = Buffer.from("\x89HDF\r\n\x1a\n", "latin1");

const damaged = (): HistoError =>
  new HistoError("SLIDE_CORRUPT", "The HDF5 file is truncated or damaged.", {
    fix: "Copy or compute it again; `h5dump -H` must read it to its end.",
  });

const startsLikeHdf5 = (library: { module: H5Module }, path: string): boolean => {
  const files = library.module.FS as unknown as {
    open(path: string, mode: string): object;
    read(stream: object, buffer: Uint8Array, offset: number, length: number, position: number): number;
    close(stream: object): void;
  };
  const stream = files.open(path, "r");
  const first = new Uint8Array(SIGNATURE.length);
  files.read(stream, first, 0, first.length, 0);
  files.close(stream);
  return SIGNATURE.equals(first);
};

/** HDF5's type classes. */
const INTEGER = 0;
const FLOAT = 1;
/** Filters that the library brings: deflate, shuffle, Fletcher-32, szip, n-bit, scale-offset. */
const MOST_KNOWN_FILTER = 6;
const FILTER_NAMES: Record<number, string> = {
  32000: "lzf",
  32001: "blosc",
  32004: "lz4",
  32015: "zstd",
  32026: "blosc2",
};

const requireReadable = (name: string, dataset: Dataset): void => {
  const strange = dataset.filters.find(({ id }) => id > MOST_KNOWN_FILTER);
  if (strange) {
    const filter = FILTER_NAMES[strange.id] ?? `number ${strange.id}`;
    throw new HistoError("FORMAT_UNSUPPORTED", `Dataset "${name}" is compressed with ${filter}.`, {
      fix: "Rewrite the file with `h5repack -f GZIP=1`, or without compression.",
    });
  }
  const { chunks, size } = dataset.metadata;
  if (chunks && chunks.reduce((product, length) => product * length, size) > MOST_BYTES_AT_ONCE) throw tooLarge();
  if (dataset.metadata.virtual_sources && dataset.metadata.virtual_sources.length > 0) {
    throw new HistoError("FORMAT_UNSUPPORTED", `Dataset "${name}" lies in other files.`, {
      fix: "Write the numbers themselves into the file.",
    });
  }
};

const isKnownNumber = ({ type, size }: { type: number; size: number }): boolean =>
  (type === INTEGER && (size === 1 || size === 2 || size === 4 || size === 8)) ||
  (type === FLOAT && (size === 2 || size === 4 || size === 8));

const shown = (value: unknown): AttributeValue | undefined => {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  }
  return undefined;
};

const attributesOf = (dataset: Dataset): Record<string, AttributeValue> =>
  Object.fromEntries(
    Object.entries(dataset.attrs).flatMap(([name, attribute]) => {
      const value = shown(attribute.value);
      return value === undefined ? [] : [[name, value]];
    }),
  );

const floatsAt = (module: H5Module, at: number, size: number, count: number): Floats => {
  const { buffer } = module.HEAPU8;
  if (size === 2) return new Float16Array(buffer, at, count);
  return size === 4 ? new Float32Array(buffer, at, count) : new Float64Array(buffer, at, count);
};

const integersAt = (
  module: H5Module,
  at: number,
  { size, signed }: { size: number; signed: boolean },
  count: number,
): ArrayLike<number | bigint> => {
  const { buffer } = module.HEAPU8;
  if (size === 8) return signed ? new BigInt64Array(buffer, at, count) : new BigUint64Array(buffer, at, count);
  if (size === 4) return signed ? new Int32Array(buffer, at, count) : new Uint32Array(buffer, at, count);
  if (size === 2) return signed ? new Int16Array(buffer, at, count) : new Uint16Array(buffer, at, count);
  return signed ? new Int8Array(buffer, at, count) : new Uint8Array(buffer, at, count);
};

/** Of numbers that are read together, and of a chunk, which is taken from the file as a whole. */
const MOST_BYTES_AT_ONCE = 2 ** 28;

const tooLarge = (): HistoError =>
  new HistoError("LIMIT_EXCEEDED", "The file's chunks take more memory than the HDF5 library may use.", {
    fix: "Rewrite the file with smaller chunks: `h5repack -l CHUNK=64x1024`.",
  });

/** Memory of the library, kept from one read to the next. */
const createScratch = (module: H5Module) => {
  let [at, room] = [0, 0];
  return {
    of(bytes: number): number {
      if (bytes <= room) return at;
      if (at !== 0) module._free(at);
      // The library's addresses have 32 bits: it would take the rest of a greater number.
      at = bytes <= MOST_BYTES_AT_ONCE ? module._malloc(bytes) : 0;
      room = at === 0 ? 0 : bytes;
      if (at !== 0) return at;
      throw tooLarge();
    },
    free() {
      if (at !== 0) module._free(at);
      [at, room] = [0, 0];
    },
  };
};
type Scratch = ReturnType<typeof createScratch>;

const describe = (module: H5Module, file: File, name: string, scratch: Scratch): Hdf5Dataset | null => {
  if (!file.keys().includes(name)) return null;
  const dataset = file.get(name) as Dataset | null;
  const isDataset = dataset !== null && "metadata" in dataset && "filters" in dataset;
  const isNumeric = isDataset && isKnownNumber(dataset.metadata);
  if (!isNumeric || dataset.shape === null) {
    throw new HistoError("FORMAT_UNSUPPORTED", `"${name}" is no dataset of numbers.`, {
      fix: "Write the numbers themselves under this name: links, groups and texts are not read.",
    });
  }
  requireReadable(name, dataset);
  const { metadata } = dataset;
  const { shape } = dataset;
  const isFloat = metadata.type === FLOAT;
  const readRaw = (count: bigint[], offset: bigint[], numbers: number): number => {
    const at = scratch.of(numbers * metadata.size);
    const strides = count.map(() => 1n);
    if (module.get_dataset_data(file.file_id, dataset.path, count, offset, strides, BigInt(at)) < 0) throw damaged();
    return at;
  };
  const whole = shape.map(BigInt);
  return {
    shape,
    isFloat,
    attributes: attributesOf(dataset),
    readFloats(axis, from, to) {
      const count = whole.with(axis, BigInt(to - from));
      const offset = whole.map((_, index) => (index === axis ? BigInt(from) : 0n));
      const numbers = Number(count.reduce((product, length) => product * length, 1n));
      return floatsAt(module, readRaw(count, offset, numbers), metadata.size, numbers);
    },
    readNumbers() {
      const numbers = shape.reduce((product, length) => product * length, 1);
      if (numbers === 0) return [];
      const offset = whole.map(() => 0n);
      const at = readRaw(whole, offset, numbers);
      return isFloat ? floatsAt(module, at, metadata.size, numbers) : integersAt(module, at, metadata, numbers);
    },
  };
};

/**
 * Opens an HDF5 file in a worker thread.
 * @throws HistoError FORMAT_UNSUPPORTED when it is none, SLIDE_CORRUPT when it is cut off
 */
export const openHdf5 = async (file: string): Promise<Hdf5File> => {
  const library = await loadHdf5();
  const mount = mountFile(library, file);
  const opened = new library.File(mount.path, "r");
  if (opened.file_id < 0n) {
    const isHdf5 = startsLikeHdf5(library, mount.path);
    mount.unmount();
    if (isHdf5) throw damaged();
    throw new HistoError("FORMAT_UNSUPPORTED", "The file is not HDF5.", {
      fix: "Name HDF5 files only, or choose the layout that the file has.",
    });
  }
  const scratch = createScratch(library.module);
  return {
    dataset: (name) => describe(library.module, opened, name, scratch),
    close() {
      scratch.free();
      opened.close();
      mount.unmount();
    },
  };
};
