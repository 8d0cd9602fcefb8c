import { authorize } from "../../platform/authorisation.ts";
import { encodeId } from "../../platform/ids.ts";
import type { PatchGrid, Slide } from "../../store/generated/client.ts";
import { gridIdOf, type PatchRow, patchId } from "../../store/patches.ts";
import type { GraphQLContext } from "../context.ts";
import type { NamedGrid } from "./patch.loaders.ts";
import { isStepped, type SteppedGrid } from "./steppedGrid.ts";

/** So much of a grid's digest stands in ids: enough to tell a slide's grids apart. */
const DIGEST_LETTERS = 16;
export const gridPart = (grid: Pick<PatchGrid, "digest">): string => grid.digest.slice(0, DIGEST_LETTERS);

/** The grid of an id's parts, or null. */
export const findGrid = async (
  { viewer, loaders }: GraphQLContext,
  studyKey: string,
  slideKey: string,
  digest: string,
): Promise<NamedGrid | null> => {
  authorize(viewer, "study:read", studyKey);
  return loaders.gridByName.load({ studyKey, slideKey, digest });
};

/** The cell whose corner lies at a place, or null when none does. */
const cellAt = (grid: SteppedGrid, x: number, y: number): number | null => {
  const column = Math.round(x / grid.stepX);
  const row = Math.round(y / grid.stepY);
  const isCorner = Math.round(column * grid.stepX) === x && Math.round(row * grid.stepY) === y;
  return isCorner && column >= 0 && column < grid.columns && row >= 0 && row < grid.rows
    ? row * grid.columns + column
    : null;
};

/** The store's id of the patch whose corner would lie at a place; null when there can be none. */
export const patchIdAt = async (
  { loaders }: GraphQLContext,
  grid: PatchGrid,
  x: number,
  y: number,
): Promise<number | null> => {
  if (!isStepped(grid)) return loaders.patchIdAt.load({ gridId: grid.id, x, y });
  const cell = cellAt(grid, x, y);
  return cell === null ? null : patchId(grid.id, cell);
};

/** The grid that a patch belongs to, and its slide. */
export const loadGrid = ({ loaders }: GraphQLContext, patch: PatchRow): Promise<PatchGrid> =>
  loaders.grid.load(gridIdOf(patch.id));

export const loadSlide = async (context: GraphQLContext, patch: PatchRow): Promise<Slide> =>
  context.loaders.slide.load((await loadGrid(context, patch)).slideId);

/** The patch's global id. */
export const idOfPatch = async (context: GraphQLContext, patch: PatchRow): Promise<string> => {
  const [grid, slide] = await Promise.all([loadGrid(context, patch), loadSlide(context, patch)]);
  const study = await context.loaders.study.load(slide.studyId);
  return encodeId("Patch", study.key, slide.key, gridPart(grid), patch.x, patch.y);
};

/** The patch of an id's parts, or null. */
export const findPatch = async (
  context: GraphQLContext,
  parts: readonly (string | number)[],
): Promise<{ patch: PatchRow; grid: PatchGrid } | null> => {
  const [studyKey, slideKey, digest, x, y] = parts as [string, string, string, number, number];
  const grid = await findGrid(context, studyKey, slideKey, digest);
  const id = grid && (await patchIdAt(context, grid, x, y));
  if (!grid || id === null) return null;
  const patch = await context.loaders.patch.load(id);
  return patch ? { patch, grid } : null;
};
