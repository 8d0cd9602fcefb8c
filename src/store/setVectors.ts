import type { Queryable } from "./database.ts";
import { type Condition, conditionSql, createParameters } from "./filterSql.ts";
import { decodeHalfRows, type HalfRows } from "./halfvecRows.ts";
import { vectorTable } from "./vectors.ts";

/** SQL of searches that compare sets of vectors: slides, patients, cohorts. The rows that they read are `slide_summary`. */

/** What a slide's embedding stands at, in a row called `features`; null until it is complete. */
const VECTORS_STATE = "features.vectors_state(features)";

export type SetSlide = {
  slideId: number;
  patientId: number;
  /** Passes the condition; the query's own slides are listed whether they do or not. */
  passes: boolean;
  /** Names the vectors that it has; null when there are none, or not all yet. */
  vectorsState: string | null;
  /** There is a summary of just these vectors. */
  isSummarised: boolean;
};

type SetSlideRow = {
  slide_id: number;
  patient_id: number;
  passes: boolean;
  state: string | null;
  is_summarised: boolean;
};

/** A study's slides that pass a condition, by patient and slide, and those of the query, `own`. */
export const readSetSlides = async (
  client: Queryable,
  request: {
    studyId: number;
    featureSetId: number;
    condition: Condition;
    own?: { slideId: number } | { patientId: number };
  },
): Promise<SetSlide[]> => {
  const { studyId, featureSetId, condition, own } = request;
  const parameters = createParameters();
  const study = parameters.add(studyId);
  const featureSet = parameters.add(featureSetId);
  const passes = `coalesce(${conditionSql(condition, "slide", parameters)}, false)`;
  const isOwn =
    own === undefined
      ? "false"
      : "slideId" in own
        ? `slide.id = ${parameters.add(own.slideId)}::int`
        : `slide.patient_id = ${parameters.add(own.patientId)}::int`;
  const { rows } = await client.query<SetSlideRow>(
    `SELECT slide.id AS slide_id, slide.patient_id, ${passes} AS passes, ${VECTORS_STATE} AS state,
       coalesce(summary.made_of = ${VECTORS_STATE}, false) AS is_summarised
     FROM slide
     LEFT JOIN slide_features AS features ON features.slide_id = slide.id AND features.feature_set_id = ${featureSet}::int
     LEFT JOIN features.slide_summary AS summary ON summary.slide_id = slide.id AND summary.feature_set_id = ${featureSet}::int
     WHERE slide.study_id = ${study}::int AND (${passes} OR ${isOwn}) ORDER BY slide.patient_id, slide.id`,
    parameters.values,
  );
  return rows.map((row) => ({
    slideId: row.slide_id,
    patientId: row.patient_id,
    passes: row.passes,
    vectorsState: row.state,
    isSummarised: row.is_summarised,
  }));
};

/** A slide's patches that have vectors, by id, with their places in level-0 pixels; and the sum of its unit vectors as text. */
export type SlidePlaces = {
  slideId: number;
  vectorsState: string;
  patchIds: number[];
  x: number[];
  y: number[];
  total: string;
};

type PlacesRow = { slide_id: number; state: string; ids: number[]; xs: number[]; ys: number[]; total: string };

/** What a summary is made of, of those slides that have all their vectors. */
export const readSlidePlaces = async (
  client: Queryable,
  featureSetId: number,
  slideIds: readonly number[],
): Promise<SlidePlaces[]> => {
  // The average is accumulated in double precision, a plain sum would be in single.
  const { rows } = await client.query<PlacesRow>(
    `SELECT features.slide_id, ${VECTORS_STATE} AS state, own.ids, own.xs, own.ys, own.total::text AS total
     FROM slide_features AS features JOIN feature_set ON feature_set.id = features.feature_set_id CROSS JOIN LATERAL (
       SELECT array_agg(vectors.patch_id ORDER BY vectors.patch_id) AS ids,
         array_agg(coalesce(patch.x, 0) ORDER BY vectors.patch_id) AS xs,
         array_agg(coalesce(patch.y, 0) ORDER BY vectors.patch_id) AS ys,
         avg(l2_normalize(vectors.v::vector)) * array_fill(count(*)::real, ARRAY[feature_set.dims])::vector AS total
       FROM ${vectorTable(featureSetId)} AS vectors LEFT JOIN features.patch ON patch.id = vectors.patch_id
       WHERE vectors.slide_id = features.slide_id
     ) AS own
     WHERE features.feature_set_id = $1 AND features.slide_id = ANY($2::int[]) AND ${VECTORS_STATE} IS NOT NULL
       AND cardinality(own.ids) = features.vectors
     ORDER BY features.slide_id`,
    [featureSetId, slideIds],
  );
  return rows.map((row) => ({
    slideId: row.slide_id,
    vectorsState: row.state,
    patchIds: row.ids,
    x: row.xs,
    y: row.ys,
    total: row.total,
  }));
};

/** Threads are given these vectors without a copy. */
const shared = (bytes: number) => new SharedArrayBuffer(bytes);
type SharedRows = HalfRows<SharedArrayBuffer>;

/** Vectors of patches, by slide and within it by patch id. */
export const readHalfRows = async (
  client: Queryable,
  featureSetId: number,
  patchIds: readonly number[],
): Promise<Map<number, SharedRows>> => {
  const { rows } = await client.query<{ slide_id: number; bytes: Buffer }>(
    `SELECT slide_id, string_agg(halfvec_send(v), ''::bytea ORDER BY patch_id) AS bytes
     FROM ${vectorTable(featureSetId)} WHERE patch_id = ANY($1::int8[]) GROUP BY slide_id`,
    [patchIds],
  );
  return new Map(rows.map((row) => [row.slide_id, decodeHalfRows(row.bytes, shared)]));
};

export type NewSummary = { slideId: number; vectorsState: string; total: string; patchIds: readonly number[] };

/** Those of the slides whose summaries are of the vectors that they have now. */
export const readSummarised = async (
  client: Queryable,
  featureSetId: number,
  slideIds: readonly number[],
): Promise<number[]> => {
  const { rows } = await client.query<{ slide_id: number }>(
    `SELECT summary.slide_id FROM features.slide_summary AS summary
     JOIN slide_features AS features ON features.feature_set_id = summary.feature_set_id AND features.slide_id = summary.slide_id
     WHERE summary.feature_set_id = $1 AND summary.slide_id = ANY($2::int[]) AND summary.made_of = ${VECTORS_STATE}`,
    [featureSetId, slideIds],
  );
  return rows.map(({ slide_id }) => slide_id);
};

/**
 * Writes summaries, of those slides alone whose vectors are still the ones they were made of.
 * @returns the slides written
 */
export const writeSummaries = async (
  client: Queryable,
  featureSetId: number,
  summaries: readonly NewSummary[],
): Promise<number[]> => {
  const { rows } = await client.query<{ slide_id: number }>(
    `INSERT INTO features.slide_summary (feature_set_id, slide_id, made_of, total, mosaic_patch_ids, mosaic)
     SELECT $1::int, made."slideId", made."vectorsState", made.total::vector, made."patchIds", mosaic.bytes
     FROM jsonb_to_recordset($2::jsonb) AS made ("slideId" int, "vectorsState" text, total text, "patchIds" bigint[])
     JOIN slide_features AS features ON features.feature_set_id = $1 AND features.slide_id = made."slideId"
       AND ${VECTORS_STATE} = made."vectorsState"
     CROSS JOIN LATERAL (
       SELECT string_agg(halfvec_send(v), ''::bytea ORDER BY patch_id) AS bytes, count(*) AS found
       FROM ${vectorTable(featureSetId)} WHERE patch_id = ANY(made."patchIds")
     ) AS mosaic
     WHERE mosaic.found = cardinality(made."patchIds")
     ON CONFLICT (feature_set_id, slide_id) DO UPDATE SET made_of = excluded.made_of, total = excluded.total,
       mosaic_patch_ids = excluded.mosaic_patch_ids, mosaic = excluded.mosaic
     RETURNING slide_id`,
    [
      featureSetId,
      JSON.stringify(
        summaries.map(({ slideId, vectorsState, total, patchIds }) => ({ slideId, vectorsState, total, patchIds })),
      ),
    ],
  );
  return rows.map(({ slide_id }) => slide_id);
};

export type Mosaic = SharedRows & { slideId: number; vectorsState: string; patchIds: number[] };

/** Mosaics of slides: a sample of the patches of each, with their vectors. */
export const readMosaics = async (
  client: Queryable,
  featureSetId: number,
  slideIds: readonly number[],
): Promise<Mosaic[]> => {
  const { rows } = await client.query<{ slide_id: number; made_of: string; ids: number[]; mosaic: Buffer }>(
    `SELECT slide_id, made_of, mosaic_patch_ids AS ids, mosaic FROM features.slide_summary
     WHERE feature_set_id = $1 AND slide_id = ANY($2::int[])`,
    [featureSetId, slideIds],
  );
  return rows.map((row) => ({
    slideId: row.slide_id,
    vectorsState: row.made_of,
    patchIds: row.ids,
    ...decodeHalfRows(row.mosaic, shared),
  }));
};
