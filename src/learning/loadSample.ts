import { checkDims } from "./assigner.ts";
import { type Engine, forTransfer } from "./engine.ts";
import { sampleWithoutReplacement, seededRandom } from "./random.ts";
import { gatherRows, type RowSource, type Rows, rowsChanged } from "./rowSource.ts";
import type { ClusterMetric } from "./types.ts";

/** Rows that `RowSource.take` is asked for at a time. */
const ROWS_PER_TAKE = 8192;

export type LoadedSample = {
  handle: number;
  rows: number;
  /** Their numbers in the source, ascending. */
  numbers: Uint32Array;
  release(): Promise<void>;
};

/** Draws rows without replacement and leaves them, prepared, in the engine's thread. */
export const loadSample = async (
  engine: Engine,
  source: RowSource,
  {
    metric,
    rows,
    seed,
    signal,
  }: { metric: ClusterMetric; rows: number; seed: number; signal?: AbortSignal | undefined },
): Promise<LoadedSample> => {
  const numbers = sampleWithoutReplacement(seededRandom(seed), source.rows, rows);
  const handle = engine.newHandle();
  const release = async (): Promise<void> => {
    await engine.call("release", { handle });
  };
  await engine.call("openRows", { handle, rows: numbers.length, dims: source.dims, metric });
  try {
    for await (const part of sampledParts(source, numbers)) {
      signal?.throwIfAborted();
      checkDims(part.rows, source.dims);
      const given = forTransfer(part.rows);
      await engine.call("addRows", { handle, rows: given.rows, numbers: part.numbers }, given.transfer);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { handle, rows: numbers.length, numbers, release };
};

async function* sampledParts(
  source: RowSource,
  numbers: Uint32Array,
): AsyncGenerator<{ rows: Rows; numbers: Uint32Array }> {
  const isAll = numbers.length === source.rows;
  if (source.take && !isAll) {
    for (let from = 0; from < numbers.length; from += ROWS_PER_TAKE) {
      const chosen = numbers.slice(from, from + ROWS_PER_TAKE);
      const rows = await source.take(chosen);
      if (rows.length !== chosen.length * source.dims) throw rowsChanged(source);
      yield { rows, numbers: chosen };
    }
    return;
  }
  let firstRow = 0;
  let picked = 0;
  for await (const batch of source.batches()) {
    const end = firstRow + batch.length / source.dims;
    let to = picked;
    while (to < numbers.length && (numbers[to] ?? 0) < end) to++;
    const chosen = numbers.slice(picked, to);
    const first = firstRow;
    if (chosen.length > 0) {
      const rows = isAll
        ? batch
        : gatherRows(
            batch,
            source.dims,
            chosen.map((row) => row - first),
          );
      yield { rows, numbers: chosen };
    }
    picked = to;
    firstRow = end;
  }
  if (firstRow !== source.rows) throw rowsChanged(source);
}
