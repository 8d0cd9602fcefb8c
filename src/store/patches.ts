import { HistoError } from "../platform/errors.ts";
import { float4Array, int4Array, int8Array } from "./binaryArrays.ts";
import type { Queryable } from "./database.ts";

/** Cells that one grid may have; with it, patch ids stay exact as JavaScript numbers up to 2^29 grids. */
export const MAX_CELLS = 2 ** 24;

/** The integer that names a patch inside the database: its grid and its cell (row × columns + column). */
export const patchId = (gridId: number, cell: number): number => gridId * MAX_CELLS + cell;
export const gridIdOf = (patch: number): number => Math.floor(patch / MAX_CELLS);
export const cellOf = (patch: number): number => patch % MAX_CELLS;

export type PatchRow = { id: number; x: number; y: number; tissueShare: number; measurements: Record<string, number> };

/** Patches of one grid in grid order; arrays of equal length. x and y in level-0 pixels. */
export type PatchColumns = {
  cells: ArrayLike<number>;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  tissueShare: ArrayLike<number>;
};

const ROWS_PER_STATEMENT = 20_000;

const slice = (values: ArrayLike<number>, from: number, to: number): number[] =>
  Array.from({ length: Math.min(to, values.length) - from }, (_, index) => values[from + index] as number);

/** Writes a grid's patches. */
export const insertPatches = async (client: Queryable, gridId: number, patches: PatchColumns): Promise<void> => {
  for (let from = 0; from < patches.cells.length; from += ROWS_PER_STATEMENT) {
    const to = from + ROWS_PER_STATEMENT;
    await client.query(
      `INSERT INTO features.patch (id, x, y, tissue_share)
       SELECT * FROM unnest($1::int8[], $2::int4[], $3::int4[], $4::float4[])`,
      [
        int8Array(slice(patches.cells, from, to).map((cell) => patchId(gridId, cell))),
        int4Array(slice(patches.x, from, to)),
        int4Array(slice(patches.y, from, to)),
        float4Array(slice(patches.tissueShare, from, to)),
      ],
    );
  }
};

type RawPatch = { id: number; x: number; y: number; tissue_share: number; measurements: Record<string, number> | null };

const toPatch = (row: RawPatch): PatchRow => ({
  id: row.id,
  x: row.x,
  y: row.y,
  tissueShare: row.tissue_share,
  measurements: row.measurements ?? {},
});

/** Ids of a grid's patches in grid order, from the `from`-th on: 8 bytes each, so a slide of a million patches is small. */
export const readGridPatchIds = async (client: Queryable, gridId: number, from: number): Promise<Float64Array> => {
  const { rows } = await client.query<{ ids: number[] | null }>(
    `SELECT array_agg(id ORDER BY id) AS ids FROM (
       SELECT id FROM features.patch WHERE id >= $1 AND id < $2 ORDER BY id OFFSET $3
     ) AS rest`,
    [patchId(gridId, 0), patchId(gridId + 1, 0), from],
  );
  return Float64Array.from(rows[0]?.ids ?? []);
};

/** Patches by id, in the order asked; null for those that are not there. */
export const readPatches = async (client: Queryable, ids: readonly number[]): Promise<(PatchRow | null)[]> => {
  const { rows } = await client.query<RawPatch>(
    "SELECT id, x, y, tissue_share, measurements FROM features.patch WHERE id = ANY($1::int8[])",
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, toPatch(row)]));
  return ids.map((id) => byId.get(id) ?? null);
};

/** @throws HistoError LIMIT_EXCEEDED when a grid has more cells than ids can name */
export const requireNameableCells = (columns: number, rows: number, slideKey: string): void => {
  if (columns * rows <= MAX_CELLS) return;
  throw new HistoError(
    "LIMIT_EXCEEDED",
    `Slide "${slideKey}" would have ${columns * rows} grid cells; ${MAX_CELLS} are possible.`,
    {
      fix: "Use larger patches, less overlap or a coarser micronsPerPixel.",
      path: ["grid"],
    },
  );
};
