import type { Database, Queryable } from "../database.ts";
import type { VectorSearchRequest } from "./types.ts";

/** An exact search among a cohort that takes longer than this is counted. */
const EXPENSIVE_MS = 20;

/** Counted searches after which a cohort gets an index of its own. */
export const HOT_SEARCHES = 20;

/** Counts what an index over the cohort would spare. Nobody waits for it, and nothing depends on it. */
export const noteDemand = (
  database: Database,
  { featureSetId, filter: { cohortId } }: VectorSearchRequest,
  tookMs: number,
): void => {
  if (cohortId === undefined || tookMs < EXPENSIVE_MS || database.kind === "embedded") return;
  database
    .query(
      `INSERT INTO search_demand (feature_set_id, cohort_id, searches) VALUES ($1, $2, 1)
       ON CONFLICT (feature_set_id, cohort_id) DO UPDATE SET searches = search_demand.searches + 1`,
      [featureSetId, cohortId],
    )
    // The cohort may be gone, or the database closing.
    .catch(() => {});
};

/** Cohorts that were asked for often enough, and have no index. */
export const readHotCohorts = async (client: Queryable): Promise<{ featureSetId: number; cohortId: number }[]> => {
  const { rows } = await client.query<{ featureSetId: number; cohortId: number }>(
    `SELECT demand.feature_set_id AS "featureSetId", demand.cohort_id AS "cohortId" FROM search_demand AS demand
     JOIN cohort ON cohort.id = demand.cohort_id AND cohort.is_frozen
     WHERE demand.searches >= $1 AND NOT EXISTS (SELECT FROM search_index AS made
       WHERE made.feature_set_id = demand.feature_set_id AND made.cohort_id = demand.cohort_id)`,
    [HOT_SEARCHES],
  );
  return rows;
};
