import type { Queryable } from "../database.ts";
import { vectorTable } from "../vectors.ts";
import { createParameters, filterSql, hitColumns, type Parameters, querySql } from "./conditions.ts";
import type { VectorHit, VectorSearchRequest } from "./types.ts";

type Request = Omit<VectorSearchRequest, "minRecall">;

/** `+ 0` keeps an index, should there be one, from answering approximately. Ties are broken by patch id. */
export const exactSql = ({ featureSetId, query, filter, first }: Request, parameters: Parameters): string =>
  `SELECT ${hitColumns("one")}, (one.v <=> ${querySql(featureSetId, query, parameters)}) + 0 AS distance
   FROM ${vectorTable(featureSetId)} AS one WHERE ${filterSql(filter, parameters, "one")}
   ORDER BY distance, "patchId" LIMIT ${parameters.add(first, "int")}`;

/** The nearest vectors by cosine distance, found by computing all of them: recall 1 by construction. */
export const searchExact = async (client: Queryable, request: Request): Promise<VectorHit[]> => {
  const parameters = createParameters();
  const { rows } = await client.query<VectorHit>(exactSql(request, parameters), parameters.values);
  return rows;
};
