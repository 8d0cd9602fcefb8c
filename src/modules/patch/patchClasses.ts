import { type CellClasses, cellClasses, placedClasses } from "../../slides/index.ts";
import type { PatchGrid } from "../../store/generated/client.ts";
import { cellOf } from "../../store/patches.ts";
import { readPatchPlaces } from "../../store/patchPlaces.ts";
import type { App } from "../context.ts";
import { isStepped } from "./steppedGrid.ts";

/**
 * Patches of a grid with their classes, as pictures paint them.
 * @param ids of patches of this grid, ascending
 * @param classOf the class of each
 */
export const classesOfPatches = async (
  app: App,
  grid: PatchGrid,
  ids: ArrayLike<number>,
  classOf: ArrayLike<number>,
): Promise<CellClasses> => {
  if (isStepped(grid)) return cellClasses(grid, Array.from(ids, cellOf), classOf);
  return placedClasses(grid, await readPatchPlaces(app.database, grid.id, ids), classOf);
};
