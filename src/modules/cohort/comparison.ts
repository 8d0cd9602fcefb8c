import { isHistoError } from "../../platform/errors.ts";
import {
  benjaminiHochberg,
  compareCategories,
  compareNumbers,
  type HypothesisTest,
  quantileOfSorted,
} from "../../statistics/index.ts";
import type { ColumnValues, Values } from "../../store/attributeValues.ts";
import type { Attribute } from "../../store/generated/client.ts";
import { byFrequency } from "./facets.ts";

/** The GraphQL type ComparisonRow. */
export type ComparisonRow = {
  name: string;
  a: object;
  b: object;
  test: string;
  statistic: number | null;
  pValue: number | null;
  qValue: number | null;
};

/** A row before the correction for testing several. */
export type TestedRow = Omit<ComparisonRow, "qValue">;

/** Mean and sample standard deviation in two passes, which keeps the digits that the textbook's one pass loses. */
const moments = (values: Float64Array): { mean: number | null; standardDeviation: number | null } => {
  if (values.length === 0) return { mean: null, standardDeviation: null };
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardDeviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null };
};

const describeNumbers = ({ known, missing, numbers }: ColumnValues): object => {
  const sorted = numbers.slice().sort();
  const quantile = (probability: number) => (sorted.length > 0 ? quantileOfSorted(sorted, probability) : null);
  return {
    n: known,
    missing,
    median: quantile(0.5),
    lowerQuartile: quantile(0.25),
    upperQuartile: quantile(0.75),
    ...moments(numbers),
  };
};

const describeCounts = ({ known, missing, counts }: ColumnValues): object => ({
  n: known,
  missing,
  counts: Object.fromEntries(byFrequency(counts).map(({ value, count }) => [value, count])),
});

const UNTESTED = { test: "none", statistic: null, pValue: null } as const;

/** The test's outcome; none where the cohorts hold too little for it, or do not differ in anything to compare. */
const attempt = (test: () => HypothesisTest): Pick<TestedRow, "test" | "statistic" | "pValue"> => {
  try {
    const { name, statistic, pValue } = test();
    if (!Number.isFinite(pValue)) return UNTESTED;
    return { test: name, statistic: Number.isFinite(statistic) ? statistic : null, pValue };
  } catch (error) {
    if (isHistoError(error) && error.code === "TOO_FEW_PATIENTS") return UNTESTED;
    throw error;
  }
};

/** Numbers of two cohorts side by side, tested. */
export const compareNumberRow = (name: string, a: ColumnValues, b: ColumnValues): TestedRow => ({
  name,
  a: describeNumbers(a),
  b: describeNumbers(b),
  ...attempt(() => compareNumbers([a.numbers, b.numbers])),
});

const compareAttribute = ({ key, type }: Attribute, a: ColumnValues, b: ColumnValues): TestedRow => {
  switch (type) {
    case "NUMBER":
      return compareNumberRow(key, a, b);
    case "TEXT":
      return {
        name: key,
        a: { n: a.known, missing: a.missing },
        b: { n: b.known, missing: b.missing },
        ...UNTESTED,
      };
    default: {
      const values = [...new Set([...a.counts.keys(), ...b.counts.keys()])].sort();
      const table = [a, b].map(({ counts }) => values.map((value) => counts.get(value) ?? 0));
      return {
        name: key,
        a: describeCounts(a),
        b: describeCounts(b),
        ...attempt(() => compareCategories(table)),
      };
    }
  }
};

const breathe = () => new Promise<void>((resume) => setImmediate(resume));

/**
 * Two cohorts that share no patient, side by side: the number of patients, then a row for each attribute, then those of other
 * tests.
 */
export const compare = async (
  attributes: readonly Attribute[],
  a: Values,
  b: Values,
  more: readonly TestedRow[],
): Promise<ComparisonRow[]> => {
  const rows: TestedRow[] = [{ name: "patients", a: { n: a.patients }, b: { n: b.patients }, ...UNTESTED }];
  for (const [index, attribute] of attributes.entries()) {
    const [ofA, ofB] = [a.columns[index], b.columns[index]];
    if (ofA && ofB) rows.push(compareAttribute(attribute, ofA, ofB));
    // Ranking a hundred thousand numbers takes a while, and other requests wait for this thread.
    await breathe();
  }
  rows.push(...more);
  const qValues = benjaminiHochberg(rows.map(({ pValue }) => pValue));
  return rows.map((row, index) => ({ ...row, qValue: qValues[index] ?? null }));
};
