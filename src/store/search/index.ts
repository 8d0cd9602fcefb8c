import type { Database } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql } from "./conditions.ts";
import { searchExact } from "./exact.ts";
import type { VectorSearch, VectorSearchRequest } from "./types.ts";

export type { SearchReport, SearchStrategy, VectorFilter, VectorHit, VectorQuery, VectorSearch } from "./types.ts";

/** Rows that pass the filter, and whether the query's patch has a vector. */
const readInputs = async (
  database: Database,
  { featureSetId, query, filter }: VectorSearchRequest,
): Promise<{ matches: number; hasVector: boolean }> => {
  const parameters = createParameters();
  const table = vectorTable(featureSetId);
  const hasVector =
    "patchId" in query
      ? `EXISTS (SELECT FROM ${table} WHERE patch_id = ${parameters.add(query.patchId, "int8")})`
      : "true";
  const { rows } = await database.query<{ matches: number; hasVector: boolean }>(
    `SELECT ${hasVector} AS "hasVector", (SELECT count(*) FROM ${table} AS row WHERE ${filterSql(filter, parameters)}) AS matches`,
    parameters.values,
  );
  return rows[0] as { matches: number; hasVector: boolean };
};

/**
 * The rows of a feature set nearest to a vector by cosine distance, among those that pass the filter, nearest first.
 * @returns null when the query's patch has no vector in the feature set
 */
export const searchVectors = async (database: Database, request: VectorSearchRequest): Promise<VectorSearch | null> => {
  const began = performance.now();
  const { matches, hasVector } = await readInputs(database, request);
  if (!hasVector) return null;
  const hits = await searchExact(database, request);
  return {
    hits,
    report: {
      strategy: "EXACT",
      matches,
      matchesIsExact: true,
      scanned: matches,
      isComplete: hits.length === Math.min(request.first, matches),
      recallBasis: "EXACT",
      recallEstimate: 1,
      reason: null,
      tookMs: performance.now() - began,
    },
  };
};
