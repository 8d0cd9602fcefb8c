import type { Queryable } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql, hitColumns, querySql } from "./conditions.ts";
import type { VectorHit, VectorSearchRequest } from "./types.ts";

/**
 * The nearest vectors by cosine distance, found by computing all of them: recall 1 by construction.
 * `+ 0` keeps an index, should there be one, from answering approximately. Ties are broken by patch id.
 */
export const searchExact = async (
  client: Queryable,
  { featureSetId, query, filter, first }: Omit<VectorSearchRequest, "minRecall">,
): Promise<VectorHit[]> => {
  const parameters = createParameters();
  const nearest = querySql(featureSetId, query, parameters);
  const { rows } = await client.query<VectorHit>(
    `SELECT ${hitColumns("one")}, (one.v <=> ${nearest}) + 0 AS distance
     FROM ${vectorTable(featureSetId)} AS one WHERE ${filterSql(filter, parameters, "one")}
     ORDER BY distance, "patchId" LIMIT ${parameters.add(first, "int")}`,
    parameters.values,
  );
  return rows;
};
