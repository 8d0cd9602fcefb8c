import type { Queryable } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql, isBySlides, type Parameters, querySql, slideFilterSql } from "./conditions.ts";
import { exactSql } from "./exact.ts";
import { ALWAYS_EXACT } from "./plan.ts";
import type { VectorFilter, VectorHit, VectorSearchRequest } from "./types.ts";

export type IndexKind = "CLUSTERED" | "PARTITION" | "PARTIAL";

/** An index that may answer; what was measured of it is read once per `version` and process. */
export type KnownIndex = { id: number; kind: IndexKind; version: string };

/** What the first statement of a search tells. */
export type SearchInputs = {
  dims: number;
  /** False when the query's patch has no vector. */
  hasVector: boolean;
  vectors: number;
  matches: number;
  indexes: KnownIndex[];
  /** The answer already, where few rows match. */
  hits: VectorHit[] | null;
};

/** Vectors of the slides that pass a condition; of whole slides they are known beforehand. */
const slideVectors = (featureSet: string, condition: string): string =>
  `(SELECT coalesce(sum(held.vectors), 0)::int8 FROM (
     SELECT made.slide_id, slide.patient_id, made.vectors FROM slide_features AS made
     JOIN slide ON slide.id = made.slide_id WHERE made.feature_set_id = ${featureSet}) AS held WHERE ${condition})`;

/** Rows that pass the filter. The one patch that is left out is looked up. */
const matchesSql = (featureSetId: number, featureSet: string, filter: VectorFilter, parameters: Parameters): string => {
  const table = vectorTable(featureSetId);
  if (!isBySlides(filter))
    return `(SELECT count(*) FROM ${table} AS one WHERE ${filterSql(filter, parameters, "one")})`;
  const all = slideVectors(featureSet, slideFilterSql(filter, parameters, "held"));
  const { exceptPatchId, ...rest } = filter;
  if (exceptPatchId === undefined) return all;
  return `${all} - (SELECT count(*) FROM ${table} AS one WHERE one.patch_id = ${parameters.add(exceptPatchId, "int8")} AND ${filterSql(rest, parameters, "one")})`;
};

/** How many rows match, which indexes there are, and at once the hits where few rows match. */
export const readSearchInputs = async (client: Queryable, request: VectorSearchRequest): Promise<SearchInputs> => {
  const { featureSetId, query, filter } = request;
  const parameters = createParameters();
  const set = parameters.add(featureSetId, "int");
  const hasVector = "patchId" in query ? `${querySql(featureSetId, query, parameters)} IS NOT NULL` : "true";
  const matches = matchesSql(featureSetId, set, filter, parameters);
  const cohort = parameters.add(filter.cohortId ?? null, "int");
  const { rows } = await client.query<SearchInputs>(
    `WITH counted AS MATERIALIZED (SELECT ${matches} AS matches)
     SELECT (SELECT dims FROM feature_set WHERE id = ${set}) AS dims, ${hasVector} AS "hasVector", counted.matches,
       (SELECT coalesce(sum(vectors), 0)::int8 FROM slide_features WHERE feature_set_id = ${set}) AS vectors,
       (SELECT coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'version', xmin::text) ORDER BY id), '[]')
         FROM search_index WHERE feature_set_id = ${set} AND state = 'READY' AND (cohort_id IS NULL OR cohort_id = ${cohort})) AS indexes,
       CASE WHEN counted.matches < ${ALWAYS_EXACT} THEN (SELECT coalesce(json_agg(hit), '[]')
         FROM (${exactSql(request, parameters)}) AS hit) END AS hits
     FROM counted`,
    parameters.values,
  );
  return rows[0] as SearchInputs;
};

/** What a CLUSTERED index needs to know of a query and its filter. */
export type CellInputs = {
  /** By the distance of their middle to the query, nearest first. */
  cells: number[];
  distances: number[];
  /** Slides that match and lie in the cells as they are. */
  coveredSlideIds: number[];
  /** Slides that match and do not, and their rows. */
  uncoveredSlideIds: number[];
  uncoveredVectors: number;
  /** Slides whose rows in the cells are of another time, or whose vectors are gone. */
  staleSlideIds: number[];
};

export const readCellInputs = async (
  client: Queryable,
  { featureSetId, query, filter }: VectorSearchRequest,
  indexId: number,
): Promise<CellInputs> => {
  const parameters = createParameters();
  const set = parameters.add(featureSetId, "int");
  const index = parameters.add(indexId, "int");
  const isMatch = slideFilterSql(filter, parameters, "held");
  const { rows } = await client.query<CellInputs>(
    `SELECT near.*, slides.* FROM
      (SELECT coalesce(array_agg(cell ORDER BY distance, cell), '{}') AS cells,
          coalesce(array_agg(distance ORDER BY distance, cell), '{}') AS distances
        FROM (SELECT cell, v <=> ${querySql(featureSetId, query, parameters)} AS distance
          FROM features.search_centroid WHERE search_index_id = ${index}) AS middle) AS near,
      (SELECT coalesce(array_agg(held.slide_id) FILTER (WHERE is_match AND is_same), '{}') AS "coveredSlideIds",
          coalesce(array_agg(held.slide_id) FILTER (WHERE is_match AND NOT is_same), '{}') AS "uncoveredSlideIds",
          coalesce(sum(held.vectors) FILTER (WHERE is_match AND NOT is_same), 0)::int8 AS "uncoveredVectors",
          coalesce(array_agg(copied.slide_id) FILTER (WHERE copied.slide_id IS NOT NULL AND NOT is_same), '{}') AS "staleSlideIds"
        FROM (SELECT made.slide_id, slide.patient_id, made.grid_id, made.vectors FROM slide_features AS made
            JOIN slide ON slide.id = made.slide_id WHERE made.feature_set_id = ${set} AND made.vectors > 0) AS held
          FULL JOIN (SELECT slide_id, grid_id, vectors FROM search_index_slide WHERE search_index_id = ${index}) AS copied
            ON copied.slide_id = held.slide_id
          CROSS JOIN LATERAL (SELECT held.slide_id IS NOT NULL AND ${isMatch} AS is_match,
            coalesce(held.grid_id = copied.grid_id AND held.vectors = copied.vectors, false) AS is_same) AS compared) AS slides`,
    parameters.values,
  );
  return rows[0] as CellInputs;
};
