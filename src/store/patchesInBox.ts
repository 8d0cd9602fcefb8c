import type { Queryable } from "./database.ts";
import { patchId } from "./patches.ts";

/** Patches of one grid; arrays of equal length. x and y are left and upper edges in level-0 pixels. */
export type PlacedPatches = { ids: number[]; x: number[]; y: number[] };

/** Patches of a grid whose left upper corners lie in a rectangle, borders included. In one row: a slide has many. */
export const readPatchesInBox = async (
  client: Queryable,
  gridId: number,
  box: { left: number; top: number; right: number; bottom: number },
): Promise<PlacedPatches> => {
  const { rows } = await client.query<{ ids: number[] | null; x: number[] | null; y: number[] | null }>(
    `SELECT array_agg(id) AS ids, array_agg(x::int8) AS x, array_agg(y::int8) AS y FROM features.patch
     WHERE id >= $1::int8 AND id < $2::int8 AND x BETWEEN $3::float8 AND $4::float8 AND y BETWEEN $5::float8 AND $6::float8`,
    [patchId(gridId, 0), patchId(gridId + 1, 0), box.left, box.right, box.top, box.bottom],
  );
  const [found] = rows;
  return { ids: found?.ids ?? [], x: found?.x ?? [], y: found?.y ?? [] };
};
