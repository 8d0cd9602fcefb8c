import { int8Array } from "./binaryArrays.ts";
import type { Queryable } from "./database.ts";
import { patchId } from "./patches.ts";
import { readPatchesInBox } from "./patchesInBox.ts";

/** Patches by where they lie: of imported features that is their name, while their cells tell nothing. */

const TWO_TO_26 = 2 ** 26;

/** All that a grid has. */
export const EVERYWHERE = { left: 0, top: 0, right: 2 ** 31, bottom: 2 ** 31 };

/** A place in level-0 pixels where the upper left corner of a patch may lie. */
export type CornerInGrid = { gridId: number; x: number; y: number };

/** The patches with such corners, in the order asked; null where there is none. Each grid's part of the index is read once. */
export const readPatchIdsOfCorners = async (
  client: Queryable,
  corners: readonly CornerInGrid[],
): Promise<(number | null)[]> => {
  const nameOf = (gridId: number, x: number, y: number) => `${gridId}/${x}/${y}`;
  const found = new Map<string, number>();
  for (const [gridId, members] of Map.groupBy(corners, (corner) => corner.gridId)) {
    const { rows } = await client.query<{ id: number; x: number; y: number }>(
      `SELECT id, x, y FROM features.patch
       WHERE id >= $1::int8 AND id < $2::int8 AND (x, y) IN (SELECT * FROM unnest($3::int8[], $4::int8[]))`,
      [
        patchId(gridId, 0),
        patchId(gridId + 1, 0),
        int8Array(members.map(({ x }) => x)),
        int8Array(members.map(({ y }) => y)),
      ],
    );
    for (const { id, x, y } of rows) found.set(nameOf(gridId, x, y), id);
  }
  return corners.map(({ gridId, x, y }) => found.get(nameOf(gridId, x, y)) ?? null);
};

/** Ids of the patches of a grid by their corners in level-0 pixels, in the order asked; all of them must be there. */
export const readPatchIdsAt = async (
  client: Queryable,
  gridId: number,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): Promise<Float64Array> => {
  const { ids, ...corners } = await readPatchesInBox(client, gridId, EVERYWHERE);
  const nameOf = (across: number, down: number) => down * TWO_TO_26 + across;
  const idOf = new Map(ids.map((id, index) => [nameOf(corners.x[index] ?? 0, corners.y[index] ?? 0), id]));
  return Float64Array.from(x, (across, row) => {
    const id = idOf.get(nameOf(across, y[row] ?? 0));
    if (id === undefined) throw new Error("A grid has other patches than its digest says.");
    return id;
  });
};

/** Left and upper edges in level-0 pixels of patches of one grid, in the order asked; 0 for those that are not there. */
export const readPatchPlaces = async (
  client: Queryable,
  gridId: number,
  ids: ArrayLike<number>,
): Promise<{ x: Float64Array; y: Float64Array }> => {
  const found = await readPatchesInBox(client, gridId, EVERYWHERE);
  const indexOf = new Map(found.ids.map((id, index) => [id, index]));
  const along = (values: readonly number[]) => Float64Array.from(ids, (id) => values[indexOf.get(id) ?? -1] ?? 0);
  return { x: along(found.x), y: along(found.y) };
};
