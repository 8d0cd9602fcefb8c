import { isHistoError } from "../../platform/errors.ts";
import {
  breslowSurvival,
  type CovariateTerm,
  completePatients,
  coxProportionalHazards,
  designMatrix,
} from "../../statistics/index.ts";
import type { Attribute } from "../../store/generated/client.ts";

/** Patients' values of one attribute, in the order of the patients; null where missing. */
export type ClinicalColumn = { attribute: Attribute; values: readonly unknown[] };

/** Harrell, Lee & Mark 1996: ten events for each covariate at least. */
const EVENTS_PER_COVARIATE = 10;
const MOST_MISSING = 0.1;
const MOST_CATEGORIES = 6;

const termOf = ({ attribute, values }: ClinicalColumn, patients: readonly number[]): CovariateTerm => {
  const own = patients.map((patient) => values[patient] ?? null);
  if (attribute.type === "NUMBER")
    return {
      kind: "numeric",
      name: attribute.key,
      values: own.map((value) => (typeof value === "number" ? value : null)),
    };
  if (attribute.type === "BOOLEAN")
    return {
      kind: "boolean",
      name: attribute.key,
      values: own.map((value) => (typeof value === "boolean" ? value : null)),
    };
  return {
    kind: "categorical",
    name: attribute.key,
    values: own.map((value) => (typeof value === "string" ? value : null)),
  };
};

const width = ({ attribute }: ClinicalColumn): number =>
  attribute.type === "CATEGORY" ? Math.max(1, attribute.categories.length - 1) : 1;

/** What nearly all patients have, in order of the keys, as long as there are ten events for each covariate. */
export const usualColumns = (columns: readonly ClinicalColumn[], events: number): ClinicalColumn[] => {
  let left = Math.floor(events / EVENTS_PER_COVARIATE);
  return columns.filter((column) => {
    const { attribute, values } = column;
    const missing = values.filter((value) => value === null || value === undefined).length;
    const isUsable =
      attribute.type !== "TEXT" &&
      attribute.categories.length <= MOST_CATEGORIES &&
      missing <= values.length * MOST_MISSING &&
      new Set(values).size > 1;
    if (!isUsable || width(column) > left) return false;
    left -= width(column);
    return true;
  });
};

export type ClinicalFold = { train: readonly number[]; test: readonly number[] };
export type ClinicalPredictions = { risks: number[]; survival: number[][] };

/** The most frequent value, or the middle one: what a patient whose value is missing is taken to have. */
const usualValue = (column: ClinicalColumn, train: readonly number[]): unknown => {
  const known = train.map((patient) => column.values[patient]).filter((value) => value !== null && value !== undefined);
  if (column.attribute.type === "NUMBER") {
    const sorted = known.filter((value) => typeof value === "number").sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
  const counts = new Map<unknown, number>();
  for (const value of known) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
};

/**
 * A Cox regression on the training patients that have every value, and what it says of the tested ones, where the usual
 * training value stands in for a missing one.
 * @returns null where the regression cannot be fitted: too few patients, separating or constant covariates
 */
export const clinicalCox = (
  columns: readonly ClinicalColumn[],
  times: { timesDays: readonly number[]; events: readonly number[] },
  { train, test }: ClinicalFold,
  atDays: readonly number[],
): ClinicalPredictions | null => {
  if (columns.length === 0) return null;
  try {
    const { complete } = completePatients(
      columns.map((column) => termOf(column, train)),
      train.length,
    );
    const fitted = complete.map((index) => train[index] as number);
    const usual = columns.map((column) => usualValue(column, fitted));
    // Values that no fitted patient has count as the usual one: the regression knows nothing of them.
    const filled = columns.map((column, index): ClinicalColumn => {
      const known = new Set(fitted.map((patient) => column.values[patient]));
      const isNumber = column.attribute.type === "NUMBER";
      return {
        attribute: column.attribute,
        values: column.values.map((value) =>
          (isNumber ? typeof value === "number" : known.has(value)) ? value : usual[index],
        ),
      };
    });
    // One matrix for both, so that its columns are the same.
    const all = [...fitted, ...test];
    const design = designMatrix(filled.map((column) => termOf(column, all)));
    const fitTimes = {
      timesDays: fitted.map((patient) => times.timesDays[patient] ?? Number.NaN),
      events: fitted.map((patient) => times.events[patient] ?? 0),
    };
    const fit = coxProportionalHazards({
      ...fitTimes,
      design: {
        ...design,
        patients: fitted.length,
        columns: design.columns.map((values) => values.slice(0, fitted.length)),
      },
    });
    const riskAt = (row: number) =>
      design.columns.reduce((sum, values, index) => sum + (values[row] ?? 0) * (fit.terms[index]?.coefficient ?? 0), 0);
    const risks = test.map((_, index) => riskAt(fitted.length + index));
    const training = { ...fitTimes, risks: fitted.map((_, index) => riskAt(index)) };
    return { risks, survival: breslowSurvival({ training, risks, atDays }) };
  } catch (error) {
    if (isHistoError(error)) return null;
    throw error;
  }
};
