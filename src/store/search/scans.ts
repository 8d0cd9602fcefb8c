import type { Queryable } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql, hitColumns, querySql } from "./conditions.ts";
import type { VectorHit, VectorSearchRequest } from "./types.ts";

/** The copy of a feature set's vectors that lies in the order of the cells of a CLUSTERED index. */
export const cellTable = (indexId: number): string => {
  if (!Number.isSafeInteger(indexId)) throw new Error("The id of a search index is an integer.");
  return `features.cells_${indexId}`;
};

export type CellScan = {
  indexId: number;
  cells: readonly number[];
  /** Slides whose rows in the copy are of another time; they are compared in the table itself where they match. */
  staleSlideIds: readonly number[];
  /** Slides that match and are not in the copy as they are. */
  uncoveredSlideIds: readonly number[];
};

type Request = Omit<VectorSearchRequest, "minRecall">;

/** The nearest of the rows in some cells, and of those that are in none yet. */
export const searchCells = async (
  client: Queryable,
  { featureSetId, query, filter, first }: Request,
  scan: CellScan,
): Promise<VectorHit[]> => {
  const parameters = createParameters();
  const nearest = querySql(featureSetId, query, parameters);
  const rows = (table: string, condition: string) =>
    `SELECT ${hitColumns("one")}, (one.v <=> ${nearest}) + 0 AS distance
     FROM ${table} AS one WHERE ${condition} AND ${filterSql(filter, parameters, "one")}`;
  const parts = [rows(cellTable(scan.indexId), `one.cell = ANY(${parameters.add(scan.cells, "int[]")})`)];
  if (scan.staleSlideIds.length > 0) {
    parts[0] += ` AND one.slide_id <> ALL(${parameters.add(scan.staleSlideIds, "int[]")})`;
  }
  if (scan.uncoveredSlideIds.length > 0) {
    const uncovered = parameters.add(scan.uncoveredSlideIds, "int[]");
    parts.push(rows(vectorTable(featureSetId), `one.slide_id = ANY(${uncovered})`));
  }
  const limit = parameters.add(first, "int");
  const best = parts.map((part) => `(${part} ORDER BY distance, "patchId" LIMIT ${limit})`);
  const { rows: hits } = await client.query<VectorHit>(
    best.length === 1
      ? (best[0] as string).slice(1, -1)
      : `SELECT * FROM (${best.join(" UNION ALL ")}) AS one ORDER BY distance, "patchId" LIMIT ${limit}`,
    parameters.values,
  );
  return hits;
};

export type GraphScan = { efSearch: number; dims: number; kind: "PARTITION_INDEX" | "PARTIAL_INDEX" };

/**
 * Walks an HNSW index. Its settings are made by the statement itself, in a step that the walk has to wait for, and hold no
 * longer than it does: no round trip, and nothing stays behind in a connection that a pooler hands on. Filters that leave
 * something out make it walk on (`strict_order`) until there are enough rows.
 */
export const searchGraph = async (
  client: Queryable,
  { featureSetId, query, filter, first }: Request,
  { efSearch, dims, kind }: GraphScan,
): Promise<VectorHit[]> => {
  if (!Number.isSafeInteger(dims)) throw new Error("A number of dimensions is an integer.");
  const parameters = createParameters();
  const nearest = querySql(featureSetId, query, parameters);
  // As features.create_hnsw has it. Without such an index the order is computed, and right all the same.
  const indexed = kind === "PARTIAL_INDEX" ? `subvector(one.v, 1, ${dims})::halfvec(${dims})` : "one.v";
  const { rows } = await client.query<VectorHit>(
    `WITH settings AS MATERIALIZED (
       SELECT set_config('hnsw.ef_search', ${parameters.add(String(efSearch), "text")}, true) AS ef_search,
         set_config('hnsw.iterative_scan', 'strict_order', true) AS iterative_scan
     )
     SELECT hit.* FROM settings CROSS JOIN LATERAL (
       SELECT ${hitColumns("one")}, one.v <=> ${nearest} AS distance FROM ${vectorTable(featureSetId)} AS one
       WHERE settings.ef_search IS NOT NULL AND ${filterSql(filter, parameters, "one")}
       ORDER BY ${indexed} <=> ${nearest} LIMIT ${parameters.add(first, "int")}
     ) AS hit ORDER BY distance, "patchId"`,
    parameters.values,
  );
  return rows;
};
