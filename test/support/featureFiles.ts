import { writeFile } from "node:fs/promises";
import h5wasm, { ready } from "h5wasm";

/** HDF5 files as CLAM and TRIDENT write them, by the library itself, so that nothing of ours has a hand in them. */

type Attributes = Record<string, number | string | bigint | Float64Array>;

export type DatasetToWrite = {
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint16Array;
  shape: number[];
  dtype?: string;
  chunks?: number[];
  gzip?: number;
  attributes?: Attributes;
};

let written = 0;

export const writeHdf5 = async (file: string, datasets: Record<string, DatasetToWrite>): Promise<void> => {
  const { FS } = (await ready) as unknown as { FS: { readFile(path: string): Uint8Array; unlink(path: string): void } };
  const path = `/out-${written++}.h5`;
  const h5 = new h5wasm.File(path, "w");
  for (const [name, { data, shape, dtype, chunks, gzip, attributes = {} }] of Object.entries(datasets)) {
    const dataset = h5.create_dataset({
      name,
      data: data as Float32Array,
      shape,
      maxshape: chunks ? [null, ...shape.slice(1)] : null,
      ...(dtype && { dtype }),
      ...(chunks && { chunks }),
      ...(gzip && { compression: gzip }),
    });
    for (const [key, value] of Object.entries(attributes)) {
      dataset.create_attribute(
        key,
        typeof value === "bigint" ? new BigInt64Array([value]) : value,
        typeof value === "bigint" ? [] : undefined,
      );
    }
  }
  h5.close();
  await writeFile(file, FS.readFile(path));
  FS.unlink(path);
};

/** Places in rows of ten, `size` pixels apart: `[rows, 2]`. */
export const placesInRows = (rows: number, size: number): number[] =>
  Array.from({ length: rows }, (_, row) => [(row % 10) * size, Math.floor(row / 10) * size]).flat();

/** A slide as TRIDENT leaves it: chunks of one row, int64 coordinates with attributes. */
export const writeTrident = (
  file: string,
  name: string,
  features: Float32Array | Float64Array,
  dims: number,
  places = placesInRows(features.length / dims, 512),
): Promise<void> => {
  const rows = features.length / dims;
  return writeHdf5(file, {
    features: {
      data: features,
      shape: [rows, dims],
      chunks: [1, dims],
      attributes: { name, savetodir: "/data/features_uni_v1", encoder: "uni_v1" },
    },
    coords: {
      data: BigInt64Array.from(places, BigInt),
      shape: [rows, 2],
      chunks: [1, 2],
      attributes: {
        patch_size: 256n,
        patch_size_level0: 512n,
        level0_magnification: 40n,
        target_magnification: 20n,
        overlap: 0n,
        name,
        savetodir: "/data/coords",
        level0_width: 8192n,
        level0_height: 6144n,
      },
    },
  });
};

/** A slide as CLAM leaves it: chunks of 32 rows, int32 coordinates, no attributes. */
export const writeClam = (file: string, features: Float32Array, dims: number): Promise<void> => {
  const rows = features.length / dims;
  return writeHdf5(file, {
    features: { data: features, shape: [rows, dims], chunks: [32, dims] },
    coords: { data: Int32Array.from(placesInRows(rows, 256)), shape: [rows, 2], chunks: [32, 2] },
  });
};
