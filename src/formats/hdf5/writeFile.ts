import type { Dataset } from "h5wasm";
import { singlesOf } from "../halves.ts";
import { loadHdf5, mountNewFile } from "./library.ts";

/** Written as int64 where whole, else as float64. */
export type WrittenAttributes = Record<string, string | number | readonly number[]>;

/** How CLAM and TRIDENT lay a slide's file out; see `features.ts` for where that is to be read. */
export type SlideLayout = {
  /** Rows of a chunk. */
  chunkRows: number;
  coordinates: "int32" | "int64";
  features: WrittenAttributes;
  coords: WrittenAttributes;
};

/** Rows of one slide; arrays of `rows` numbers, halves `[rows, dims]`. */
export type SlideRows = { x: Int32Array; y: Int32Array; halves: Uint16Array };

export type Hdf5Writer = {
  append(rows: SlideRows): void;
  /** The file is whole after this and not before. */
  close(): void;
};

const singles = (halves: Uint16Array): Float32Array<ArrayBuffer> =>
  singlesOf(halves, new ArrayBuffer(4 * halves.length));

const setAttributes = (dataset: Dataset, attributes: WrittenAttributes): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "string") dataset.create_attribute(name, value);
    else if (typeof value !== "number") dataset.create_attribute(name, Float64Array.from(value));
    else if (Number.isInteger(value)) dataset.create_attribute(name, BigInt64Array.of(BigInt(value)), []);
    else dataset.create_attribute(name, value);
  }
};

const interleaved = ({ x, y }: SlideRows, kind: SlideLayout["coordinates"]): Int32Array | BigInt64Array => {
  const places = kind === "int32" ? new Int32Array(2 * x.length) : new BigInt64Array(2 * x.length);
  for (let row = 0; row < x.length; row++) {
    const [across, down] = [x[row] as number, y[row] as number];
    if (places instanceof Int32Array) places.set([across, down], 2 * row);
    else places.set([BigInt(across), BigInt(down)], 2 * row);
  }
  return places;
};

/**
 * Writes one slide, in a worker thread: `features` `[n, dims]` in single precision, which holds every half exactly, and `coords`
 * `[n, 2]`; of a slide-level vector `features` `[dims]` alone.
 * @param file that must not be there
 */
export const createHdf5 = async (
  file: string,
  layout: SlideLayout,
  { dims, hasPlaces }: { dims: number; hasPlaces: boolean },
): Promise<Hdf5Writer> => {
  const library = await loadHdf5();
  const mount = mountNewFile(library, file);
  const h5 = new library.File(mount.path, "w");
  let written: { features: Dataset; coords: Dataset; rows: number } | null = null;
  const { chunkRows, coordinates } = layout;

  const begin = (rows: SlideRows): void => {
    const count = rows.x.length;
    const features = h5.create_dataset({
      name: "features",
      data: singles(rows.halves),
      shape: [count, dims],
      maxshape: [null, dims],
      chunks: [chunkRows, dims],
    });
    const coords = h5.create_dataset({
      name: "coords",
      data: interleaved(rows, coordinates),
      shape: [count, 2],
      maxshape: [null, 2],
      chunks: [chunkRows, 2],
    });
    setAttributes(features, layout.features);
    setAttributes(coords, layout.coords);
    written = { features, coords, rows: count };
  };

  const extend = (own: NonNullable<typeof written>, rows: SlideRows): void => {
    const to = own.rows + rows.x.length;
    own.features.resize([to, dims]);
    own.features.write_slice([[own.rows, to], []], singles(rows.halves));
    own.coords.resize([to, 2]);
    own.coords.write_slice([[own.rows, to], []], interleaved(rows, coordinates));
    own.rows = to;
  };

  const writeWhole = ({ halves }: SlideRows): void => {
    const features = h5.create_dataset({
      name: "features",
      data: singles(halves),
      shape: [dims],
      maxshape: [null],
      chunks: [1],
    });
    setAttributes(features, layout.features);
  };

  return {
    append(rows) {
      if (!hasPlaces) writeWhole(rows);
      else if (written) extend(written, rows);
      else begin(rows);
    },
    close() {
      h5.close();
      mount.unmount();
    },
  };
};
