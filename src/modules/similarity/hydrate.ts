import { readHitRows } from "../../store/hits.ts";
import type { PatchRow } from "../../store/patches.ts";
import type { VectorHit } from "../../store/search/index.ts";
import type { GraphQLContext } from "../context.ts";

/** Of two vectors one of which is zero, and so has no direction, pgvector gives no number; they are unrelated. */
const UNRELATED = 1;

export const hasDirection = ({ distance }: VectorHit): boolean => Number.isFinite(distance);

export type PatchHit = { patch: PatchRow; distance: number };

/**
 * Hits with their patches. Grids, slides and patients come with them in the same statement and wait in the loaders, so that
 * the fields of a hit ask nothing more. A patch that was deleted since the search is left out.
 */
export const hydrateHits = async (context: GraphQLContext, hits: readonly VectorHit[]): Promise<PatchHit[]> => {
  if (hits.length === 0) return [];
  const { app, loaders } = context;
  const { patches, grids, slides, patients } = await readHitRows(app.database, hits);
  for (const patch of patches) loaders.patch.prime(patch.id, patch);
  for (const grid of grids) loaders.grid.prime(grid.id, grid);
  for (const slide of slides) loaders.slide.prime(slide.id, slide);
  for (const patient of patients) loaders.patient.prime(patient.id, patient);
  const byId = new Map(patches.map((patch) => [patch.id, patch]));
  return hits.flatMap((hit): PatchHit[] => {
    const patch = byId.get(hit.patchId);
    return patch ? [{ patch, distance: hasDirection(hit) ? hit.distance : UNRELATED }] : [];
  });
};
