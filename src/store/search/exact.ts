import type { Queryable } from "../database.ts";
import { formatVector, vectorTable } from "../vectors.ts";

/** Which rows of a feature set may be hits. Sets of integers, resolved from the graph's filters beforehand. */
export type VectorFilter = {
  /** Undefined: any slide. An empty list matches nothing. */
  slideIds?: readonly number[] | undefined;
  patientIds?: readonly number[] | undefined;
  /** Left out even where the sets above include it. */
  exceptPatientId?: number | undefined;
  exceptPatchId?: number | undefined;
};

export type VectorHit = { patchId: number; slideId: number; patientId: number; distance: number };

export type VectorSearch = { hits: VectorHit[]; matches: number };

const conditions = (filter: VectorFilter, parameters: unknown[]): string => {
  const add = (value: unknown) => `$${parameters.push(value)}`;
  const parts = [
    filter.slideIds && `slide_id = ANY(${add(filter.slideIds)}::int[])`,
    filter.patientIds && `patient_id = ANY(${add(filter.patientIds)}::int[])`,
    filter.exceptPatientId !== undefined && `patient_id <> ${add(filter.exceptPatientId)}::int`,
    filter.exceptPatchId !== undefined && `patch_id <> ${add(filter.exceptPatchId)}::int8`,
  ].filter((part): part is string => typeof part === "string");
  return parts.length > 0 ? `WHERE ${parts.join(" AND ")}` : "";
};

/** Rows that pass the filter, counted exactly. */
export const countVectors = async (client: Queryable, featureSetId: number, filter: VectorFilter): Promise<number> => {
  const parameters: unknown[] = [];
  const where = conditions(filter, parameters);
  const { rows } = await client.query<{ matches: number }>(
    `SELECT count(*) AS matches FROM ${vectorTable(featureSetId)} ${where}`,
    parameters,
  );
  return (rows[0] as { matches: number }).matches;
};

/**
 * The nearest vectors by cosine distance, found by computing all of them: recall 1 by construction.
 * `+ 0` keeps an index, should there be one, from answering approximately. Ties are broken by patch id.
 * @param vector `[dims]`, finite, not all zero
 */
export const searchExact = async (
  client: Queryable,
  featureSetId: number,
  vector: ArrayLike<number>,
  filter: VectorFilter,
  first: number,
): Promise<VectorSearch> => {
  const parameters: unknown[] = [formatVector(vector), first];
  const where = conditions(filter, parameters);
  const { rows } = await client.query<{ patch_id: number; slide_id: number; patient_id: number; distance: number }>(
    `SELECT patch_id, slide_id, patient_id, (v <=> $1::halfvec) + 0 AS distance FROM ${vectorTable(featureSetId)} ${where}
     ORDER BY distance, patch_id LIMIT $2`,
    parameters,
  );
  return {
    hits: rows.map((row) => ({
      patchId: row.patch_id,
      slideId: row.slide_id,
      patientId: row.patient_id,
      distance: row.distance,
    })),
    matches: await countVectors(client, featureSetId, filter),
  };
};
