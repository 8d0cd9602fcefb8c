import { Tensor } from "onnxruntime-node";
import type { Rows } from "./rowSource.ts";

/** Rows of one run of a graph: what the caches of a processor hold, and enough to keep its cores busy. */
export const BLOCK_ROWS = 1024;

export function* blocksOf(rows: Rows, dims: number, size = BLOCK_ROWS): Generator<{ block: Rows; from: number }> {
  for (let from = 0; from * dims < rows.length; from += size) {
    yield { block: rows.subarray(from * dims, (from + size) * dims), from };
  }
}

/** Half precision goes in as its bits; see `halfInput`. */
export const rowsTensor = (rows: Rows, dims: number): Tensor =>
  rows instanceof Uint16Array
    ? new Tensor("uint16", rows, [rows.length / dims, dims])
    : new Tensor("float32", rows, [rows.length / dims, dims]);

/** What stays in the engine's thread under a handle. */
export const held = <Held>(map: ReadonlyMap<number, Held>, handle: number): Held => {
  const found = map.get(handle);
  if (!found) throw new Error(`Nothing is held under handle ${handle}.`);
  return found;
};
