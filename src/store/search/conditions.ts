import { formatVector, vectorTable } from "../vectors.ts";
import type { VectorFilter, VectorQuery } from "./types.ts";

/** The parameters of a statement, as they are named in its text. */
export type Parameters = { values: unknown[]; add(value: unknown, type: string): string };

export const createParameters = (): Parameters => {
  const values: unknown[] = [];
  return { values, add: (value, type) => `$${values.push(value)}::${type}` };
};

/** The condition that a filter puts on rows of a vector table; `rows` names the table in the statement. */
export const filterSql = (filter: VectorFilter, parameters: Parameters, rows = "row"): string => {
  const parts = [
    filter.slideIds && `${rows}.slide_id = ANY(${parameters.add(filter.slideIds, "int[]")})`,
    filter.patientIds && `${rows}.patient_id = ANY(${parameters.add(filter.patientIds, "int[]")})`,
    filter.patchIds && `${rows}.patch_id = ANY(${parameters.add(filter.patchIds, "int8[]")})`,
    filter.exceptPatientId !== undefined && `${rows}.patient_id <> ${parameters.add(filter.exceptPatientId, "int")}`,
    filter.exceptPatchId !== undefined && `${rows}.patch_id <> ${parameters.add(filter.exceptPatchId, "int8")}`,
  ].filter((part): part is string => typeof part === "string");
  return parts.length > 0 ? parts.join(" AND ") : "true";
};

/** The query's vector as an expression that is evaluated once. */
export const querySql = (featureSetId: number, query: VectorQuery, parameters: Parameters): string =>
  "patchId" in query
    ? `(SELECT v FROM ${vectorTable(featureSetId)} WHERE patch_id = ${parameters.add(query.patchId, "int8")})`
    : parameters.add(formatVector(query.vector), "halfvec");
