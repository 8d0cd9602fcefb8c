import type { Queryable } from "./database.ts";
import { GRID_IS_OUTDATED } from "./patches.ts";
import { deleteSlideVectors } from "./vectors.ts";

/** Where a slide's embedding stands: so many patches of the grid, in reading order, are written. */
export type Checkpoint = { gridId: number; written: number; isComplete: boolean };

/**
 * The slide's place in a feature set, begun when it is new. Vectors of another grid (the slide's file or resolution
 * has changed since) are taken away first.
 */
export const openCheckpoint = async (
  client: Queryable,
  featureSetId: number,
  slideId: number,
  gridId: number,
): Promise<Checkpoint> => {
  const { rows } = await client.query<{ grid_id: number; checkpoint: number; is_complete: boolean }>(
    `INSERT INTO slide_features (feature_set_id, slide_id, grid_id) VALUES ($1, $2, $3)
     ON CONFLICT (feature_set_id, slide_id) DO UPDATE SET feature_set_id = excluded.feature_set_id
     RETURNING grid_id, checkpoint, is_complete`,
    [featureSetId, slideId, gridId],
  );
  const row = rows[0] as { grid_id: number; checkpoint: number; is_complete: boolean };
  if (row.grid_id === gridId) return { gridId, written: row.checkpoint, isComplete: row.is_complete };
  await deleteSlideVectors(client, featureSetId, slideId);
  await client.query(
    `UPDATE slide_features SET grid_id = $3, checkpoint = 0, vectors = 0, is_complete = false, completed_at = NULL,
       provider = NULL, stain = NULL
     WHERE feature_set_id = $1 AND slide_id = $2`,
    [featureSetId, slideId, gridId],
  );
  return { gridId, written: 0, isComplete: false };
};

/**
 * Moves a checkpoint on, in the transaction that writes the vectors it counts.
 * @returns false when it was not at `from`: somebody else has written meanwhile
 */
export const advanceCheckpoint = async (
  client: Queryable,
  step: {
    featureSetId: number;
    slideId: number;
    gridId: number;
    from: number;
    to: number;
    total: number;
    /** What ran this batch; a slide keeps the names of all that ran one, separated by commas. */
    provider: string;
  },
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `UPDATE slide_features SET checkpoint = $5::int, vectors = $5::int, is_complete = $5::int >= $6::int,
       provider = CASE WHEN $7::text = ANY (string_to_array(provider, ',')) THEN provider ELSE concat_ws(',', provider, $7) END,
       completed_at = CASE WHEN $5::int >= $6::int THEN now() END
     WHERE feature_set_id = $1 AND slide_id = $2 AND grid_id = $3 AND checkpoint = $4`,
    [step.featureSetId, step.slideId, step.gridId, step.from, step.to, step.total, step.provider],
  );
  return rowCount === 1;
};

/** What a feature set holds: its vectors, how many of its slides have changed since, and what computed it. */
export type FeatureSetState = {
  vectors: number;
  /** Slides whose file or resolution differs from what their patches were cut from. */
  staleSlides: number;
  /** Of a reduced feature set, slides whose vectors in its source are other ones now, or gone. */
  changedSlides: number;
  providers: string[];
};

export const readFeatureSetStates = async (
  client: Queryable,
  featureSetIds: readonly number[],
): Promise<FeatureSetState[]> => {
  const { rows } = await client.query<{
    id: number;
    vectors: number;
    stale_slides: number;
    changed_slides: number;
    providers: string[] | null;
  }>(
    `SELECT features.feature_set_id AS id, sum(features.vectors)::int8 AS vectors,
       count(*) FILTER (WHERE features.vectors > 0 AND ${GRID_IS_OUTDATED}) AS stale_slides,
       count(*) FILTER (WHERE features.vectors > 0 AND own.preprocessing ->> 'reducedFrom' IS NOT NULL
         AND (source.slide_id IS NULL OR source.grid_id <> features.grid_id OR source.vectors <> features.vectors
           OR source.completed_at IS DISTINCT FROM features.completed_at)) AS changed_slides,
       array_agg(DISTINCT features.provider) FILTER (WHERE features.provider IS NOT NULL) AS providers
     FROM slide_features AS features
     JOIN patch_grid AS grid ON grid.id = features.grid_id
     LEFT JOIN slide_image AS image ON image.slide_id = features.slide_id
     JOIN feature_set AS own ON own.id = features.feature_set_id
     LEFT JOIN feature_set AS base ON base.study_id = own.study_id AND base.key = own.preprocessing ->> 'source'
     LEFT JOIN slide_features AS source ON source.feature_set_id = base.id AND source.slide_id = features.slide_id
     WHERE features.feature_set_id = ANY($1::int[]) GROUP BY features.feature_set_id`,
    [featureSetIds],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return featureSetIds.map((id) => {
    const row = byId.get(id);
    return {
      vectors: row?.vectors ?? 0,
      staleSlides: row?.stale_slides ?? 0,
      changedSlides: row?.changed_slides ?? 0,
      providers: [...new Set((row?.providers ?? []).flatMap((names) => names.split(",")))].sort(),
    };
  });
};
