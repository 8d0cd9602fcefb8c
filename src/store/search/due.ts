import type { Queryable } from "../database.ts";
import { type CellCalibration, defaultRecall, type GraphCalibration } from "./calibration.ts";
import type { IndexKind } from "./inputs.ts";
import { GREATEST_GROWTH } from "./plan.ts";

/** Vectors from which an index over a whole feature set gains: below, an exact search takes a few milliseconds. */
export const LEAST_VECTORS = { embedded: 10_000, given: 20_000 } as const;

/** HNSW slows every write down, so it is for sets where it spares much. */
export const LEAST_VECTORS_FOR_GRAPH = 50_000;

/**
 * Feature sets large enough for an index that have none, or have grown too much since; not those that are being embedded
 * into, nor those whose last indexing failed with as many vectors or was cancelled: somebody then decides.
 */
export const readSetsToIndex = async (client: Queryable, leastVectors: number): Promise<number[]> => {
  const { rows } = await client.query<{ id: number }>(
    `SELECT held.id FROM (
       SELECT feature_set_id AS id, sum(vectors) AS vectors FROM slide_features GROUP BY feature_set_id) AS held
     WHERE held.vectors >= $1
       AND NOT EXISTS (SELECT FROM search_index AS made WHERE made.feature_set_id = held.id AND made.kind = 'CLUSTERED'
         AND made.state = 'READY' AND abs(held.vectors - made.measured_vectors) <= ${GREATEST_GROWTH} * made.measured_vectors)
       AND NOT EXISTS (SELECT FROM job WHERE job.result_id = held.id::text AND (
         (job.kind = 'INDEX' AND job.state IN ('QUEUED', 'RUNNING'))
         OR (job.kind IN ('EMBED', 'IMPORT') AND job.parent_id IS NULL AND job.state IN ('QUEUED', 'RUNNING')
           AND EXISTS (SELECT FROM job AS part WHERE (part.parent_id = job.id OR part.id = job.id)
             AND part.state IN ('QUEUED', 'RUNNING') AND part.slide_id IS NOT NULL AND part.done IS DISTINCT FROM part.total))
         OR (job.kind = 'INDEX' AND job.state IN ('FAILED', 'CANCELLED')
           AND (job.payload ->> 'vectors')::int8 >= held.vectors / (1 + ${GREATEST_GROWTH}))))`,
    [leastVectors],
  );
  return rows.map(({ id }) => id);
};

/** An index as people are told of it. */
export type SearchIndexRow = {
  featureSetId: number;
  cohortId: number | null;
  strategy: "CLUSTERED" | "PARTITION_INDEX" | "PARTIAL_INDEX";
  vectors: number;
  /** What it would hold if it were built now. */
  vectorsNow: number;
  builtAt: Date;
  recall: number | null;
};

/** The indexes that answer, of each feature set in the order asked; the widest first. */
export const readSearchIndexes = async (
  client: Queryable,
  featureSetIds: readonly number[],
): Promise<SearchIndexRow[][]> => {
  const { rows } = await client.query<
    Omit<SearchIndexRow, "recall" | "strategy"> & { kind: IndexKind; calibration: CellCalibration | GraphCalibration }
  >(
    `SELECT made.feature_set_id AS "featureSetId", made.cohort_id AS "cohortId", made.kind, made.measured_vectors AS vectors,
       made.built_at AS "builtAt", made.calibration,
       (SELECT coalesce(sum(features.vectors), 0)::int8 FROM slide_features AS features
         JOIN slide ON slide.id = features.slide_id WHERE features.feature_set_id = made.feature_set_id
           AND (made.cohort_id IS NULL OR slide.patient_id IN (
             SELECT patient_id FROM cohort_patient AS member WHERE member.cohort_id = made.cohort_id))) AS "vectorsNow"
     FROM search_index AS made WHERE made.feature_set_id = ANY($1::int[]) AND made.state = 'READY'
     ORDER BY made.kind, made.cohort_id`,
    [featureSetIds],
  );
  const strategies = { CLUSTERED: "CLUSTERED", PARTITION: "PARTITION_INDEX", PARTIAL: "PARTIAL_INDEX" } as const;
  const told = rows.map(({ kind, calibration, ...row }) => ({
    ...row,
    strategy: strategies[kind],
    recall: defaultRecall(calibration),
  }));
  return featureSetIds.map((id) => told.filter(({ featureSetId }) => featureSetId === id));
};
