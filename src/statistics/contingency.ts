import { HistoError } from "../platform/errors.ts";
import { chiSquareUpperTail } from "./distributions.ts";
import type { ChiSquareTest } from "./hypothesisTest.ts";

/** Counts by row and column. */
export type ContingencyTable = readonly (readonly number[])[];

export type ChiSquareIndependence = ChiSquareTest & {
  /** Below 5 the chi-square approximation is doubtful (Cochran 1954): prefer Fisher's test for a 2 × 2 table. */
  smallestExpected: number;
};

/** @throws BAD_ARGUMENT when rows differ in length or a count is not a whole number from 0 upwards. */
export const checkTable = (table: ContingencyTable): void => {
  const columns = table[0]?.length ?? 0;
  for (const row of table) {
    if (row.length !== columns) throw new HistoError("BAD_ARGUMENT", "The rows of the table differ in length.");
    for (const count of row)
      if (!(Number.isSafeInteger(count) && count >= 0))
        throw new HistoError("BAD_ARGUMENT", `${count} is not a number of patients.`);
  }
};

/** The table of two labels per patient, with the labels in code-unit order. */
export const crossTabulate = (
  rowLabels: readonly string[],
  columnLabels: readonly string[],
): { rows: string[]; columns: string[]; table: number[][] } => {
  if (rowLabels.length !== columnLabels.length)
    throw new HistoError(
      "BAD_ARGUMENT",
      `${rowLabels.length} row labels do not go with ${columnLabels.length} others.`,
    );
  const rows = [...new Set(rowLabels)].sort();
  const columns = [...new Set(columnLabels)].sort();
  const rowOf = new Map(rows.map((label, i) => [label, i]));
  const columnOf = new Map(columns.map((label, i) => [label, i]));
  const table = rows.map(() => columns.map(() => 0));
  rowLabels.forEach((label, i) => {
    const row = table[rowOf.get(label) ?? 0];
    const column = columnOf.get(columnLabels[i] ?? "") ?? 0;
    if (row) row[column] = (row[column] ?? 0) + 1;
  });
  return { rows, columns, table };
};

/**
 * Pearson's chi-square test of independence of a k × m table, without Yates' correction, on (k − 1)(m − 1) degrees of
 * freedom; empty rows and columns are left out. Source: Pearson 1900; Agresti 2002, §3.2.
 * @throws BAD_ARGUMENT as `checkTable`; TOO_FEW_PATIENTS when fewer than two rows or columns have patients.
 */
export const chiSquareIndependence = (table: ContingencyTable): ChiSquareIndependence => {
  checkTable(table);
  const rowSums = table.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columnSums = (table[0] ?? []).map((_, column) => table.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  const rows = rowSums.filter((sum) => sum > 0).length;
  const columns = columnSums.filter((sum) => sum > 0).length;
  if (rows < 2 || columns < 2)
    throw new HistoError("TOO_FEW_PATIENTS", "A table with fewer than two filled rows or columns compares nothing.", {
      fix: "Choose groups and an attribute that both differ between patients.",
    });
  const total = rowSums.reduce((sum, count) => sum + count, 0);
  let statistic = 0;
  let smallestExpected = Number.POSITIVE_INFINITY;
  table.forEach((row, i) => {
    row.forEach((count, j) => {
      const expected = ((rowSums[i] ?? 0) * (columnSums[j] ?? 0)) / total;
      if (expected === 0) return;
      smallestExpected = Math.min(smallestExpected, expected);
      statistic += (count - expected) ** 2 / expected;
    });
  });
  const degreesOfFreedom = (rows - 1) * (columns - 1);
  return {
    name: "chi-square",
    statistic,
    degreesOfFreedom,
    pValue: chiSquareUpperTail(statistic, degreesOfFreedom),
    smallestExpected,
  };
};
