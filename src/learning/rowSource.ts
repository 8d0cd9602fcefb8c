import { HistoError } from "../platform/errors.ts";

/** Vectors, row-major [rows, dims]: half precision as its 16 bits (as the store keeps them), or 32-bit floats. */
export type Rows = Uint16Array | Float32Array;

/**
 * Rows that may be more than memory holds.
 *
 * Buffers of what `batches` and `take` give are transferred to another thread, so give fresh ones; a view of a larger
 * buffer is copied instead, and one of a SharedArrayBuffer is shared.
 */
export type RowSource = {
  rows: number;
  dims: number;
  /** All rows from the first, in the same order at every call, in batches of any size (some 4,096 rows do well). */
  batches(): AsyncIterable<Rows> | Iterable<Rows>;
  /** The rows of these ascending numbers (at most 8,192 at a time). Without it a pass over `batches` picks a sample. */
  take?(rows: Uint32Array): Rows | Promise<Rows>;
};

const BATCH_ROWS = 4096;

/** Rows that are in memory already, [rows, dims]; they stay usable, and unchanged. */
export const rowsInMemory = (values: Rows, dims: number): RowSource => {
  if (!(Number.isInteger(dims) && dims > 0) || values.length % dims !== 0) {
    throw new HistoError("DIMENSION_MISMATCH", `${values.length} numbers are no whole rows of ${dims} dimensions.`, {
      fix: "Give rows × dims numbers.",
      path: ["dims"],
    });
  }
  const rows = values.length / dims;
  return {
    rows,
    dims,
    *batches() {
      for (let from = 0; from < rows; from += BATCH_ROWS) {
        const view = values.subarray(from * dims, Math.min(rows, from + BATCH_ROWS) * dims);
        yield isShared(values) ? view : view.slice();
      }
    },
    take: (chosen) => gatherRows(values, dims, chosen),
  };
};

export const isShared = (values: Rows): boolean => values.buffer instanceof SharedArrayBuffer;

/** Copies of the rows of these numbers, in this order. */
export const gatherRows = (values: Rows, dims: number, chosen: ArrayLike<number>): Rows => {
  const gathered =
    values instanceof Uint16Array ? new Uint16Array(chosen.length * dims) : new Float32Array(chosen.length * dims);
  for (let i = 0; i < chosen.length; i++) {
    const row = chosen[i] ?? 0;
    gathered.set(values.subarray(row * dims, (row + 1) * dims), i * dims);
  }
  return gathered;
};

export const rowsChanged = ({ rows }: RowSource): HistoError =>
  new HistoError("CONFLICT", `The source gave another number of rows than the ${rows} that it told.`, {
    fix: "Try again when nothing adds or removes rows.",
  });
