import type { RowSource } from "../../learning/index.ts";
import { HistoError } from "../../platform/errors.ts";
import { readHalves } from "../../store/codebookVectors.ts";
import type { Queryable } from "../../store/database.ts";

/** Rows of one read: 4 MB of 512 numbers each. */
export const BATCH_ROWS = 4096;

/** Why a job that reads vectors must begin anew: somebody embeds their slides again. */
export const vectorsChanged = (cause?: unknown): HistoError =>
  new HistoError("CONFLICT", "Vectors of the feature set have changed while they were read.", {
    fix: "Wait for the jobs that embed slides into it, then ask again.",
    cause,
  });

/** Vectors of patches in the order of their ids, read batch by batch from the store. */
export const vectorSource = (
  client: Queryable,
  { id, dims }: { id: number; dims: number },
  patchIds: Float64Array,
): RowSource => {
  const read = async (ids: Float64Array): Promise<Uint16Array> => {
    const halves = await readHalves(client, id, ids, dims);
    if (halves) return halves;
    throw vectorsChanged();
  };
  return {
    rows: patchIds.length,
    dims,
    async *batches() {
      for (let from = 0; from < patchIds.length; from += BATCH_ROWS) {
        yield await read(patchIds.subarray(from, from + BATCH_ROWS));
      }
    },
    take: (rows) => read(Float64Array.from(rows, (row) => patchIds[row] as number)),
  };
};
