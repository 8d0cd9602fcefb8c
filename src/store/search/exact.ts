import type { Queryable } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql, querySql } from "./conditions.ts";
import type { VectorHit, VectorSearchRequest } from "./types.ts";

/**
 * The nearest vectors by cosine distance, found by computing all of them: recall 1 by construction.
 * `+ 0` keeps an index, should there be one, from answering approximately. Ties are broken by patch id.
 */
export const searchExact = async (
  client: Queryable,
  { featureSetId, query, filter, first }: VectorSearchRequest,
): Promise<VectorHit[]> => {
  const parameters = createParameters();
  const nearest = querySql(featureSetId, query, parameters);
  const { rows } = await client.query<VectorHit>(
    `SELECT patch_id AS "patchId", slide_id AS "slideId", patient_id AS "patientId", (v <=> ${nearest}) + 0 AS distance
     FROM ${vectorTable(featureSetId)} AS row WHERE ${filterSql(filter, parameters)}
     ORDER BY distance, patch_id LIMIT ${parameters.add(first, "int")}`,
    parameters.values,
  );
  return rows;
};
