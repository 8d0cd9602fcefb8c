import type { Queryable } from "./database.ts";
import { formatVector, vectorTable } from "./vectors.ts";

/**
 * SQL of searches by the means of slides, patients and cohorts. Their summaries must be there. Distances are wrapped in
 * `coalesce`, so that no index can answer approximately.
 */

/** Slides that are compared as one: `groups[i]` is the number of the group that slide `slideIds[i]` is in. */
export type SlideGroups = { slideIds: readonly number[]; groups: readonly number[] };

export type NearGroup = { group: number; distance: number };

/**
 * Groups of slides by the cosine distance of the means of their unit vectors to the mean of the query's slides. A mean that
 * has no direction counts as unrelated: 1.
 */
export const nearestByMean = async (
  client: Queryable,
  featureSetId: number,
  querySlideIds: readonly number[],
  candidates: SlideGroups,
  first: number,
): Promise<NearGroup[]> => {
  const { rows } = await client.query<NearGroup>(
    `SELECT candidate.number AS "group",
       coalesce(nullif(sum(summary.total) <=> (
         SELECT sum(total) FROM features.slide_summary WHERE feature_set_id = $1 AND slide_id = ANY($2::int[])
       ), 'NaN'), 1) AS distance
     FROM unnest($3::int[], $4::int[]) AS candidate (slide_id, number)
     JOIN features.slide_summary AS summary ON summary.slide_id = candidate.slide_id AND summary.feature_set_id = $1
     GROUP BY candidate.number ORDER BY distance, candidate.number LIMIT $5`,
    [featureSetId, querySlideIds, candidates.slideIds, candidates.groups, first],
  );
  return rows;
};

export type NearPatch = { patchId: number; slideId: number; patientId: number; distance: number };

type NearRow = { patch_id: number; slide_id: number; patient_id: number; distance: number };

const toNearPatch = (row: NearRow): NearPatch => ({
  patchId: row.patch_id,
  slideId: row.slide_id,
  patientId: row.patient_id,
  distance: row.distance,
});

/** Of each slide or patient, its patches nearest to the mean of the query's slides; at most `each`, nearest first. */
export const nearestToMean = async (
  client: Queryable,
  featureSetId: number,
  querySlideIds: readonly number[],
  among: { column: "slide_id" | "patient_id"; ids: readonly number[] },
  each: number,
): Promise<NearPatch[][]> => {
  const { rows } = await client.query<NearRow & { id: number }>(
    `WITH query AS MATERIALIZED (
       SELECT l2_normalize(sum(total))::halfvec AS v FROM features.slide_summary
       WHERE feature_set_id = $1 AND slide_id = ANY($2::int[])
     )
     SELECT hit.id, near.* FROM query CROSS JOIN unnest($3::int[]) AS hit (id) CROSS JOIN LATERAL (
       SELECT vectors.patch_id, vectors.slide_id, vectors.patient_id, coalesce(nullif(vectors.v <=> query.v, 'NaN'), 1) AS distance
       FROM ${vectorTable(featureSetId)} AS vectors WHERE vectors.${among.column} = hit.id
       ORDER BY distance, vectors.patch_id LIMIT $4
     ) AS near ORDER BY near.distance, near.patch_id`,
    [featureSetId, querySlideIds, among.ids, each],
  );
  const byId = Map.groupBy(rows, ({ id }) => id);
  return among.ids.map((id) => (byId.get(id) ?? []).map(toNearPatch));
};

/** Mean direction of each patient's vectors: `[patients, dims]`, of unit length; and how many vectors of how many slides. */
export type PatientMeans = { patientIds: number[]; patches: number; dims: number; means: Float32Array };

/** In front of the numbers that vector_send gives: dimensions and 16 unused bits. */
const HEADER_BYTES = 4;

/** Means of the patients that slides are of, by patient. */
export const readPatientMeans = async (
  client: Queryable,
  featureSetId: number,
  slideIds: readonly number[],
): Promise<PatientMeans> => {
  const { rows } = await client.query<{ patient_id: number; patches: number; mean: Buffer }>(
    `SELECT slide.patient_id, sum(features.vectors)::int8 AS patches, vector_send(l2_normalize(sum(summary.total))) AS mean
     FROM features.slide_summary AS summary JOIN slide ON slide.id = summary.slide_id
     JOIN slide_features AS features ON features.slide_id = summary.slide_id AND features.feature_set_id = summary.feature_set_id
     WHERE summary.feature_set_id = $1 AND summary.slide_id = ANY($2::int[]) GROUP BY slide.patient_id ORDER BY slide.patient_id`,
    [featureSetId, slideIds],
  );
  const dims = rows[0]?.mean.readUInt16BE(0) ?? 0;
  const means = new Float32Array(rows.length * dims);
  rows.forEach(({ mean }, row) => {
    for (let index = 0; index < dims; index++) {
      means[row * dims + index] = mean.readFloatBE(HEADER_BYTES + 4 * index);
    }
  });
  return {
    patientIds: rows.map((row) => row.patient_id),
    patches: rows.reduce((sum, row) => sum + row.patches, 0),
    dims,
    means,
  };
};

/**
 * Patches of patients that point most into a direction: first the best of every patient, then their second best, and so on
 * until there are `first`; given nearest first.
 * @param direction `[dims]`, finite, not all zero
 */
export const nearestOfPatients = async (
  client: Queryable,
  featureSetId: number,
  direction: ArrayLike<number>,
  patientIds: readonly number[],
  first: number,
): Promise<NearPatch[]> => {
  const { rows } = await client.query<NearRow>(
    `SELECT patch_id, slide_id, patient_id, distance FROM (
       SELECT near.* FROM unnest($2::int[]) AS patient (id) CROSS JOIN LATERAL (
         SELECT *, row_number() OVER (ORDER BY distance, patch_id) AS place FROM (
           SELECT patch_id, slide_id, patient_id, coalesce(nullif(v <=> $1::halfvec, 'NaN'), 1) AS distance
           FROM ${vectorTable(featureSetId)} WHERE patient_id = patient.id ORDER BY distance, patch_id LIMIT $3
         ) AS own
       ) AS near ORDER BY near.place, near.distance, near.patch_id LIMIT $3
     ) AS best ORDER BY distance, patch_id`,
    [formatVector(direction), patientIds, first],
  );
  return rows.map(toNearPatch);
};
