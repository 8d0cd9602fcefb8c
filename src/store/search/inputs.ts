import type { Queryable } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql, isBySlides, type Parameters, querySql, slideFilterSql } from "./conditions.ts";
import { ALWAYS_EXACT } from "./plan.ts";
import type { VectorFilter, VectorSearchRequest } from "./types.ts";

export type IndexKind = "CLUSTERED" | "PARTITION" | "PARTIAL";

/** An index that may answer; what was measured of it is read once per `version` and process. */
export type KnownIndex = { id: number; kind: IndexKind; version: string };

/** What one statement tells the planner. */
export type SearchInputs = {
  dims: number;
  /** False when the query's patch has no vector. */
  hasVector: boolean;
  vectors: number;
  matches: number;
  indexes: KnownIndex[];
  /** Of the CLUSTERED index, where there is one and enough rows match. */
  cells: {
    /** By the distance of their middle to the query, nearest first. */
    nearest: number[];
    nearestDistance: number;
    /** Slides that match and lie in the cells as they are. */
    coveredSlideIds: number[];
    /** Slides that match and do not, and their rows. */
    uncoveredSlideIds: number[];
    uncoveredVectors: number;
    /** Slides whose rows in the cells are of another time, or whose vectors are gone. */
    staleSlideIds: number[];
  } | null;
};

/** Rows that pass the filter. Of whole slides they are known beforehand; the one patch left out is looked up. */
const matchesSql = (featureSetId: number, filter: VectorFilter, parameters: Parameters): string => {
  const table = vectorTable(featureSetId);
  if (!isBySlides(filter))
    return `(SELECT count(*) FROM ${table} AS one WHERE ${filterSql(filter, parameters, "one")})`;
  const all = "(SELECT coalesce(sum(vectors), 0)::int8 FROM held WHERE is_match)";
  const { exceptPatchId, ...rest } = filter;
  if (exceptPatchId === undefined) return all;
  return `${all} - (SELECT count(*) FROM ${table} AS one WHERE one.patch_id = ${parameters.add(exceptPatchId, "int8")} AND ${filterSql(rest, parameters, "one")})`;
};

/** Counts, indexes and, where they may serve, the cells in the query's order: everything a plan needs, in one statement. */
export const readSearchInputs = async (
  client: Queryable,
  { featureSetId, query, filter, minRecall }: VectorSearchRequest,
): Promise<SearchInputs> => {
  const parameters = createParameters();
  const set = parameters.add(featureSetId, "int");
  const nearest = querySql(featureSetId, query, parameters);
  const hasVector = "patchId" in query ? `${nearest} IS NOT NULL` : "true";
  const isMatch = slideFilterSql(filter, parameters, "held");
  const matches = matchesSql(featureSetId, filter, parameters);
  const cohort = parameters.add(filter.cohortId ?? null, "int");
  const isApproximate = minRecall < 1 && isBySlides(filter);
  const cells = `(SELECT json_build_object(
      'nearest', near.cells, 'nearestDistance', near.distance,
      'coveredSlideIds', slides.covered, 'uncoveredSlideIds', slides.uncovered,
      'uncoveredVectors', slides.vectors, 'staleSlideIds', slides.stale)
    FROM ready AS clustered,
      LATERAL (SELECT coalesce(json_agg(cell ORDER BY distance, cell), '[]') AS cells, coalesce(min(distance), 2) AS distance
        FROM (SELECT middle.cell, middle.v <=> ${nearest} AS distance FROM features.search_centroid AS middle
          WHERE middle.search_index_id = clustered.id) AS middle) AS near,
      LATERAL (SELECT coalesce(json_agg(coalesce(held.slide_id, made.slide_id)) FILTER (WHERE held.is_match AND is_same), '[]') AS covered,
          coalesce(json_agg(held.slide_id) FILTER (WHERE held.is_match AND NOT is_same), '[]') AS uncovered,
          coalesce(sum(held.vectors) FILTER (WHERE held.is_match AND NOT is_same), 0) AS vectors,
          coalesce(json_agg(made.slide_id) FILTER (WHERE made.slide_id IS NOT NULL AND NOT is_same), '[]') AS stale
        FROM held FULL JOIN (SELECT * FROM search_index_slide WHERE search_index_id = clustered.id) AS made USING (slide_id)
        CROSS JOIN LATERAL (SELECT held.slide_id IS NOT NULL AND made.slide_id IS NOT NULL
          AND held.grid_id = made.grid_id AND held.vectors = made.vectors AS is_same) AS compared) AS slides
    WHERE clustered.kind = 'CLUSTERED')`;
  const { rows } = await client.query<SearchInputs>(
    `WITH held AS MATERIALIZED (
       SELECT held.*, ${isMatch} AS is_match FROM (
         SELECT made.slide_id, slide.patient_id, made.grid_id, made.vectors FROM slide_features AS made
         JOIN slide ON slide.id = made.slide_id WHERE made.feature_set_id = ${set} AND made.vectors > 0) AS held
     ), ready AS MATERIALIZED (
       SELECT id, kind, xmin::text AS version FROM search_index
       WHERE feature_set_id = ${set} AND state = 'READY' AND (cohort_id IS NULL OR cohort_id = ${cohort})
     ), counted AS MATERIALIZED (SELECT ${matches} AS matches)
     SELECT (SELECT dims FROM feature_set WHERE id = ${set}) AS dims, ${hasVector} AS "hasVector",
       (SELECT coalesce(sum(vectors), 0)::int8 FROM held) AS vectors, counted.matches,
       (SELECT coalesce(json_agg(ready), '[]') FROM ready) AS indexes,
       CASE WHEN ${isApproximate} AND counted.matches >= ${ALWAYS_EXACT} AND ${hasVector} THEN ${cells} END AS cells
     FROM counted`,
    parameters.values,
  );
  return rows[0] as SearchInputs;
};
