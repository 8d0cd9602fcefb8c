import { addNeeds, lockJobs } from "../../queue/graph.ts";
import { insertParent, insertParts, type NewJob, priorityOf, type QueuedJob, raisePriority } from "../../queue/jobs.ts";
import type { Queryable } from "../../store/database.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import { type GridRecipe, gridDigest } from "../patch/grid.service.ts";

/** How a feature set's slides are cut. */
export const recipeOf = ({ patchSize, micronsPerPixel, overlap, minTissue, tissue }: FeatureSet): GridRecipe => ({
  patchSize,
  micronsPerPixel,
  overlap,
  minTissue,
  tissue,
});

/** A slide that has not all of its vectors, or not of today's file and resolution. */
type UnfinishedSlide = {
  id: number;
  checksum: string | null;
  micronsPerPixelX: number | null;
  micronsPerPixelY: number | null;
  /** The job that was asked for before and embeds it, and its part. */
  underWay: string | null;
  underWayPart: string | null;
};

const readUnfinished = async (
  client: Queryable,
  featureSetId: number,
  slideIds: readonly number[],
): Promise<UnfinishedSlide[]> => {
  const { rows } = await client.query<UnfinishedSlide>(
    `SELECT slide.id, image.checksum, image.microns_per_pixel_x AS "micronsPerPixelX",
       image.microns_per_pixel_y AS "micronsPerPixelY", open.parent_id AS "underWay", open.id AS "underWayPart"
     FROM slide
     LEFT JOIN slide_features AS features ON features.slide_id = slide.id AND features.feature_set_id = $1
     LEFT JOIN patch_grid AS grid ON grid.id = features.grid_id
     LEFT JOIN slide_image AS image ON image.slide_id = slide.id
     LEFT JOIN LATERAL (
       SELECT job.id, job.parent_id FROM job WHERE job.kind = 'EMBED' AND job.result_id = $3 AND job.slide_id = slide.id
         AND job.state IN ('QUEUED', 'RUNNING') LIMIT 1
     ) AS open ON true
     WHERE slide.id = ANY($2::int[])
       AND NOT (coalesce(features.is_complete, false)
         AND grid.slide_checksum = image.checksum
         AND grid.microns_per_pixel_x = image.microns_per_pixel_x
         AND grid.microns_per_pixel_y = image.microns_per_pixel_y)
     ORDER BY slide.key`,
    [featureSetId, slideIds, String(featureSetId)],
  );
  return rows;
};

/** Those of the slides that have the grid of a recipe, made of today's file and resolution. */
const readTiled = async (
  client: Queryable,
  slides: readonly UnfinishedSlide[],
  recipe: GridRecipe,
): Promise<Set<number>> => {
  const known = slides.flatMap(({ id, checksum, micronsPerPixelX, micronsPerPixelY }) =>
    checksum === null || micronsPerPixelX === null || micronsPerPixelY === null
      ? []
      : [{ id, digest: gridDigest({ checksum, micronsPerPixelX, micronsPerPixelY }, recipe) }],
  );
  const { rows } = await client.query<{ id: number }>(
    `SELECT wanted.id FROM unnest($1::int[], $2::text[]) AS wanted (id, digest)
     JOIN patch_grid AS grid ON grid.slide_id = wanted.id AND grid.digest = wanted.digest`,
    [known.map(({ id }) => id), known.map(({ digest }) => digest)],
  );
  return new Set(rows.map(({ id }) => id));
};

/** Jobs under way that lay a recipe's grid, by slide. */
export const readOpenTiling = async (
  client: Queryable,
  slideIds: readonly number[],
  recipe: GridRecipe,
): Promise<Map<number, { id: string; parentId: string | null }>> => {
  const { rows } = await client.query<{ slideId: number; id: string; parentId: string | null }>(
    `SELECT slide_id AS "slideId", id, parent_id AS "parentId" FROM job
     WHERE kind = 'TILE' AND state IN ('QUEUED', 'RUNNING') AND slide_id = ANY($1::int[]) AND payload -> 'grid' = $2::jsonb`,
    [slideIds, recipe],
  );
  return new Map(rows.map(({ slideId, ...job }) => [slideId, job]));
};

const newestOf = async (client: Queryable, jobIds: readonly (string | null)[]): Promise<string | null> => {
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM job WHERE id = ANY($1::uuid[]) ORDER BY created_at DESC, id DESC LIMIT 1",
    [[...new Set(jobIds)].filter((id) => id !== null)],
  );
  return rows[0]?.id ?? null;
};

/**
 * Plans what is missing until the slides have their vectors: for each of them the grid, where there is none, and then the
 * embedding. What is under way already is not planned again, but comes earlier where fewer slides are asked for now. In a
 * transaction that holds the feature set.
 * @returns the job, of whoever asked first, and what is to be announced; null when every slide is complete
 */
export const planEmbedding = async (
  client: Queryable,
  featureSet: FeatureSet,
  slideIds: readonly number[],
  createdBy: string,
): Promise<{ jobId: string; queued: QueuedJob[] } | null> => {
  await lockJobs(client, featureSet.studyId);
  const unfinished = await readUnfinished(client, featureSet.id, slideIds);
  const slides = unfinished.filter(({ underWay }) => underWay === null);
  const queuedParts = unfinished.flatMap(({ underWayPart }) => underWayPart ?? []);
  const raised = await raisePriority(client, queuedParts, priorityOf(unfinished.length));
  if (slides.length === 0) {
    const jobId = await newestOf(
      client,
      unfinished.map(({ underWay }) => underWay),
    );
    return jobId === null ? null : { jobId, queued: raised };
  }
  const recipe = recipeOf(featureSet);
  const tiled = await readTiled(client, slides, recipe);
  const untiled = slides.map(({ id }) => id).filter((id) => !tiled.has(id));
  const tiling = await readOpenTiling(client, untiled, recipe);
  const priority = priorityOf(slides.length);
  raised.push(
    ...(await raisePriority(
      client,
      [...tiling.values()].map(({ id }) => id),
      priority,
    )),
  );
  const job: NewJob = {
    kind: "EMBED",
    studyId: featureSet.studyId,
    createdBy,
    unit: "patches",
    payload: { featureSetId: featureSet.id },
    resultId: String(featureSet.id),
    priority,
  };
  const jobId = await insertParent(client, job, slides.length);
  const toTile = untiled.filter((id) => !tiling.has(id));
  const tile: NewJob = { ...job, kind: "TILE", payload: { grid: recipe, dims: featureSet.dims }, resultId: null };
  const tileIds = await insertParts(client, jobId, tile, toTile);
  const slidesTiledBy = new Map([
    ...[...tiling].map(([slideId, { id }]) => [slideId, id] as const),
    ...toTile.map((slideId, index) => [slideId, tileIds[index] as string] as const),
  ]);
  const embedIds = await insertParts(
    client,
    jobId,
    job,
    slides.map(({ id }) => id),
  );
  const waiting = slides.flatMap(({ id }, index) => {
    const needs = slidesTiledBy.get(id);
    return needs === undefined ? [] : [{ id: embedIds[index] as string, needs }];
  });
  await addNeeds(
    client,
    waiting.map(({ id }) => id),
    waiting.map(({ needs }) => needs),
  );
  return {
    jobId,
    queued: [
      ...raised,
      ...tileIds.map((id) => ({ id, kind: "TILE" as const })),
      ...embedIds.map((id) => ({ id, kind: "EMBED" as const })),
    ],
  };
};
