import { type ContingencyTable, chiSquareIndependence } from "./contingency.ts";
import { fisherExact } from "./fisherExact.ts";
import type { HypothesisTest } from "./hypothesisTest.ts";
import { kruskalWallis, mannWhitneyU } from "./ranks.ts";

/** The customary test of a numeric attribute in a table one: Mann–Whitney U for two groups, Kruskal–Wallis for more. */
export const compareNumbers = (groups: readonly ArrayLike<number>[]): HypothesisTest => {
  const [first, second, ...more] = groups;
  return first && second && more.length === 0 ? mannWhitneyU(first, second) : kruskalWallis(groups);
};

/**
 * The customary test of categories by group in a table one: chi-square, but Fisher's exact test for a 2 × 2 table in which a
 * cell is expected to hold fewer than 5 (Cochran 1954). Fisher's statistic is the odds ratio.
 */
export const compareCategories = (table: ContingencyTable): HypothesisTest => {
  const filledRows = table.filter((row) => row.some((count) => count > 0));
  const filled = filledRows.map((row) =>
    row.filter((_, column) => filledRows.some((other) => (other[column] ?? 0) > 0)),
  );
  const { smallestExpected, ...test } = chiSquareIndependence(filled);
  if (smallestExpected >= 5 || filled.length !== 2 || filled[0]?.length !== 2) return test;
  const { name, oddsRatio, pValue } = fisherExact(filled);
  return { name, statistic: oddsRatio, degreesOfFreedom: null, pValue };
};
