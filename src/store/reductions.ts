import type { SourceSlide } from "./codebooks.ts";
import type { Queryable } from "./database.ts";
import { deleteSlideVectors } from "./vectors.ts";

/** A feature set that is made of another one's vectors. */
export type ReducedSet = { id: number; sourceId: number };

/** Slides whose vectors in a reduced feature set were made of those that its source has now. */
export const readReducedSlides = async (client: Queryable, { id, sourceId }: ReducedSet): Promise<Set<number>> => {
  const { rows } = await client.query<{ slide_id: number }>(
    `SELECT made.slide_id FROM slide_features AS made
     JOIN slide_features AS source ON source.feature_set_id = $2 AND source.slide_id = made.slide_id
     WHERE made.feature_set_id = $1 AND made.is_complete AND source.is_complete AND source.grid_id = made.grid_id
       AND source.vectors = made.vectors AND source.completed_at = made.completed_at`,
    [id, sourceId],
  );
  return new Set(rows.map((row) => row.slide_id));
};

/**
 * Makes place for a slide's vectors, which must follow in the same transaction. Grid and time are the source's own: when it
 * changes they differ.
 * @returns false when the source no longer has what was read from it
 */
export const beginReducedSlide = async (
  client: Queryable,
  { id, sourceId }: ReducedSet,
  slide: Pick<SourceSlide, "slideId" | "gridId" | "patches" | "completedAt">,
  provider: string,
): Promise<boolean> => {
  await deleteSlideVectors(client, id, slide.slideId);
  const { rowCount } = await client.query(
    `INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, checkpoint, is_complete, completed_at, provider)
     SELECT $1, slide_id, grid_id, vectors, checkpoint, true, completed_at, $7 FROM slide_features
     WHERE feature_set_id = $2 AND slide_id = $3 AND is_complete AND grid_id = $4 AND vectors = $5 AND completed_at = $6
     FOR SHARE
     ON CONFLICT (feature_set_id, slide_id) DO UPDATE SET grid_id = excluded.grid_id, vectors = excluded.vectors,
       checkpoint = excluded.checkpoint, is_complete = true, completed_at = excluded.completed_at, provider = excluded.provider`,
    [id, sourceId, slide.slideId, slide.gridId, slide.patches, slide.completedAt, provider],
  );
  return rowCount === 1;
};

/** Adds to what is known of a reduced feature set what its components turned out to be. */
export const storeFit = (client: Queryable, id: number, digest: string, fit: object) =>
  client.query("UPDATE feature_set SET digest = $2, preprocessing = preprocessing || $3::jsonb WHERE id = $1", [
    id,
    digest,
    JSON.stringify(fit),
  ]);
