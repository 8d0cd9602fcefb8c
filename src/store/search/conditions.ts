import { assignmentTable } from "../assignments.ts";
import { rangeSql } from "../filterSql.ts";
import { formatVector, vectorTable } from "../vectors.ts";
import type { VectorFilter, VectorQuery } from "./types.ts";

/** The parameters of a statement, as they are named in its text. */
export type Parameters = { values: unknown[]; add(value: unknown, type: string): string };

/** A value that is asked for twice, such as a list of thousands of patients, is sent once. */
export const createParameters = (): Parameters => {
  const values: unknown[] = [];
  const places = new Map<string, Map<unknown, number>>();
  return {
    values,
    add: (value, type) => {
      // Two ids that happen to be equal are two values: a statement's text must not depend on them.
      if (typeof value === "number") return `$${values.push(value)}::${type}`;
      const ofType = places.get(type) ?? new Map<unknown, number>();
      places.set(type, ofType);
      const place = ofType.get(value) ?? values.push(value);
      ofType.set(value, place);
      return `$${place}::${type}`;
    },
  };
};

const together = (parts: readonly (string | false | undefined)[]): string =>
  parts.filter((part): part is string => typeof part === "string").join(" AND ") || "true";

const phenotypesSql = (
  { buildId, codebookId, indexes }: NonNullable<VectorFilter["phenotypes"]>,
  parameters: Parameters,
  row: string,
): string =>
  `EXISTS (SELECT FROM ${assignmentTable(buildId)} AS held WHERE held.patch_id = ${row}.patch_id AND held.codebook_id = ${parameters.add(codebookId, "int")} AND held.phenotype = ANY(${parameters.add(indexes, "int[]")}))`;

/** A measurement that is missing fulfils no range. */
const measurementSql = (
  { name, test }: NonNullable<VectorFilter["measurements"]>[number],
  parameters: Parameters,
): string => {
  const value = `(measured.measurements -> ${parameters.add(name, "text")})`;
  if ("isMissing" in test) return `${value} IS ${test.isMissing ? "NULL" : "NOT NULL"}`;
  return rangeSql(value, test, { values: parameters.values, add: (bound) => parameters.add(bound, "jsonb") });
};

const measurementsSql = (
  measurements: NonNullable<VectorFilter["measurements"]>,
  parameters: Parameters,
  row: string,
): string =>
  `EXISTS (SELECT FROM features.patch AS measured WHERE measured.id = ${row}.patch_id AND ${together(measurements.map((one) => measurementSql(one, parameters)))})`;

/**
 * The condition that a filter puts on rows of a vector table. What only single vectors have (patches, phenotypes, measurements) stands
 * here alone; what whole slides have stands in `slideFilterSql` too.
 * @param row names the row in the statement
 */
export const filterSql = (filter: VectorFilter, parameters: Parameters, row: string): string =>
  together([
    filter.slideIds && `${row}.slide_id = ANY(${parameters.add(filter.slideIds, "int[]")})`,
    filter.patientIds && `${row}.patient_id = ANY(${parameters.add(filter.patientIds, "int[]")})`,
    filter.patchIds && `${row}.patch_id = ANY(${parameters.add(filter.patchIds, "int8[]")})`,
    filter.phenotypes && phenotypesSql(filter.phenotypes, parameters, row),
    filter.measurements && measurementsSql(filter.measurements, parameters, row),
    filter.exceptPatientId !== undefined && `${row}.patient_id <> ${parameters.add(filter.exceptPatientId, "int")}`,
    filter.exceptPatchId !== undefined && `${row}.patch_id <> ${parameters.add(filter.exceptPatchId, "int8")}`,
  ]);

/** Whether a filter can be counted slide by slide; the one patch that is left out is counted apart. */
export const isBySlides = (filter: VectorFilter): boolean =>
  filter.patchIds === undefined && filter.phenotypes === undefined && filter.measurements === undefined;

/** The same condition on whole slides, but for single patches. @param row has `slide_id` and `patient_id` */
export const slideFilterSql = (filter: VectorFilter, parameters: Parameters, row: string): string =>
  filterSql(
    { ...filter, patchIds: undefined, phenotypes: undefined, measurements: undefined, exceptPatchId: undefined },
    parameters,
    row,
  );

/** The query's vector as an expression that is evaluated once. */
export const querySql = (featureSetId: number, query: VectorQuery, parameters: Parameters): string =>
  "patchId" in query
    ? `(SELECT v FROM ${vectorTable(featureSetId)} WHERE patch_id = ${parameters.add(query.patchId, "int8")})`
    : parameters.add(formatVector(query.vector), "halfvec");

/** The columns of a hit. @param row names the row in the statement */
export const hitColumns = (row: string): string =>
  `${row}.patch_id AS "patchId", ${row}.slide_id AS "slideId", ${row}.patient_id AS "patientId"`;

/** PostgreSQL compares conditions with lists of up to 100 members member by member, each with each: 10 ms at 100 patients. */
const LEAST_MEMBERS = 101;

/**
 * Patients as the condition of an index over them has them, and a search that is to use it: in ascending order, the last one
 * repeated where there are few. PostgreSQL uses the index only for the very same list.
 */
export const indexedPatients = (patientIds: readonly number[]): number[] => {
  const ascending = patientIds.toSorted((a, b) => a - b);
  const last = ascending.at(-1);
  while (last !== undefined && ascending.length < LEAST_MEMBERS) ascending.push(last);
  return ascending;
};
