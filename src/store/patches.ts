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

/**
 * Whether a slide's file or resolution is another one than its grid was made of; rows called `grid` and, where there is one,
 * `image`. Imported features know of no resolution, and where there was no image of no file.
 */
export const GRID_IS_OUTDATED = `(grid.slide_checksum <> '' AND (image.slide_id IS NULL OR image.checksum <> grid.slide_checksum
    OR grid.trust = 'VERIFIED' AND (image.microns_per_pixel_x IS DISTINCT FROM grid.microns_per_pixel_x
      OR image.microns_per_pixel_y IS DISTINCT FROM grid.microns_per_pixel_y)))`;

/**
 * Writes what was measured of patches beside what is there: row-major `[patches, names]`. Rows that hold the same figures
 * already, as of patches that are in several feature sets, are not written again.
 */
export const writeMeasurements = async (
  client: Queryable,
  patchIds: ArrayLike<number>,
  names: readonly string[],
  values: Float32Array,
): Promise<void> => {
  const columns = names.map((_, column) =>
    float4Array(Array.from(patchIds, (_, row) => values[row * names.length + column] as number)),
  );
  const places = names.map((_, column) => `$${column + 3}::float4[]`);
  const pairs = names.map((_, column) => `($2::text[])[${column + 1}], m${column}`);
  await client.query(
    `UPDATE features.patch AS patch SET measurements = coalesce(patch.measurements, '{}') || measured.figures
     FROM (SELECT id, jsonb_build_object(${pairs.join(", ")}) AS figures
       FROM unnest($1::int8[], ${places.join(", ")}) AS batch (id, ${names.map((_, column) => `m${column}`).join(", ")})) AS measured
     WHERE patch.id = measured.id AND (patch.measurements @> measured.figures) IS NOT TRUE`,
    [int8Array(patchIds), names, ...columns],
  );
};

type RawPatch = { id: number; x: number; y: number; tissue_share: number; measurements: Record<string, number> | null };

const toPatch = (row: RawPatch): PatchRow => ({
  id: row.id,
  x: row.x,
  y: row.y,
  tissueShare: row.tissue_share,
  measurements: row.measurements ?? {},
});

/** Columns of a strip; a strip's rows of decoded tiles stay in a reader's cache, a whole slide's do not. */
const STRIP_COLUMNS = 16;

/** Ids in ascending order brought into strips, each ascending; counted out, because a million ids must not be compared. */
export const inStrips = (ids: Float64Array, columns: number): Float64Array => {
  const stripOf = (id: number) => Math.floor((cellOf(id) % columns) / STRIP_COLUMNS);
  const next = new Uint32Array(Math.ceil(columns / STRIP_COLUMNS) + 1);
  for (const id of ids) {
    const following = stripOf(id) + 1;
    next[following] = (next[following] as number) + 1;
  }
  for (let strip = 1; strip < next.length; strip++) next[strip] = (next[strip] as number) + (next[strip - 1] as number);
  const ordered = new Float64Array(ids.length);
  for (const id of ids) {
    const strip = stripOf(id);
    ordered[next[strip] as number] = id;
    next[strip] = (next[strip] as number) + 1;
  }
  return ordered;
};

/**
 * Ids of a grid's patches in reading order: strip by strip of columns, within a strip row by row. The same at every
 * reading of a grid, so that a checkpoint can count along it. 8 bytes each: a slide of a million patches is small.
 */
export const readGridPatchIds = async (
  client: Queryable,
  grid: { id: number; columns: number; patches: number },
): Promise<Float64Array> => {
  const ids = new Float64Array(grid.patches);
  const end = patchId(grid.id + 1, 0);
  let read = 0;
  for (let after = patchId(grid.id, 0) - 1; read < ids.length; after = ids[read - 1] as number) {
    const { rows } = await client.query<{ ids: number[] | null }>(
      `SELECT array_agg(id) AS ids FROM (
         SELECT id FROM features.patch WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3
       ) AS chunk`,
      [after, end, ROWS_PER_STATEMENT],
    );
    const chunk = rows[0]?.ids ?? [];
    if (chunk.length === 0) throw new Error("A grid has fewer patches than it says.");
    ids.set(chunk, read);
    read += chunk.length;
  }
  return inStrips(ids, grid.columns);
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

/** Patches of a grid by id, behind `after` or from the first, `limit` at most. */
export const readPatchPage = async (
  client: Queryable,
  gridId: number,
  after: number | null,
  limit: number,
): Promise<PatchRow[]> => {
  const { rows } = await client.query<RawPatch>(
    `SELECT id, x, y, tissue_share, measurements FROM features.patch
     WHERE id > $1::int8 AND id < $2::int8 ORDER BY id LIMIT $3`,
    [after ?? patchId(gridId, 0) - 1, patchId(gridId + 1, 0), limit],
  );
  return rows.map(toPatch);
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
