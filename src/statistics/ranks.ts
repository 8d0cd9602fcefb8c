import { HistoError } from "../platform/errors.ts";
import { chiSquareUpperTail, normalTwoSided } from "./distributions.ts";
import type { ChiSquareTest, HypothesisTest } from "./hypothesisTest.ts";
import { distinctValues } from "./survivalTimes.ts";

/** Ranks 1 … n in which equal values share their mean rank, and Σ(t³ − t) over the sizes t of the ties. */
export const midranks = (values: ArrayLike<number>): { ranks: Float64Array; tieTerm: number } => {
  const { distinct, index } = distinctValues(values);
  const counts = new Uint32Array(distinct.length);
  for (const i of index) counts[i] = (counts[i] ?? 0) + 1;
  let before = 0;
  let tieTerm = 0;
  const rankOf = Float64Array.from(counts, (count) => {
    const rank = before + (count + 1) / 2;
    before += count;
    tieTerm += count ** 3 - count;
    return rank;
  });
  return { ranks: Float64Array.from(index, (i) => rankOf[i] ?? 0), tieTerm };
};

const checkGroups = (groups: readonly ArrayLike<number>[]): void => {
  if (groups.length < 2)
    throw new HistoError("BAD_ARGUMENT", "A comparison needs at least two groups.", {
      fix: "Give two groups or more.",
    });
  for (const group of groups) {
    if (group.length === 0)
      throw new HistoError("TOO_FEW_PATIENTS", "A group has no patient with a value.", {
        fix: "Choose groups that each have a patient with a value.",
      });
    for (let i = 0; i < group.length; i += 1)
      if (!Number.isFinite(group[i]))
        throw new HistoError("BAD_ARGUMENT", "A value is missing or not a finite number.");
  }
};

const pooled = (groups: readonly ArrayLike<number>[]): Float64Array => {
  const all = new Float64Array(groups.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const group of groups) {
    all.set(group, offset);
    offset += group.length;
  }
  return all;
};

const rankSums = (ranks: Float64Array, groups: readonly ArrayLike<number>[]): number[] => {
  let offset = 0;
  return groups.map(({ length }) => {
    let sum = 0;
    for (const rank of ranks.subarray(offset, offset + length)) sum += rank;
    offset += length;
    return sum;
  });
};

/**
 * Mann–Whitney U test that two groups come from one distribution: U of the first group (pairs in which it is larger, ties
 * counting half) and its two-sided p from the normal approximation with tie and continuity corrections.
 * Source: Mann & Whitney 1947; Hollander & Wolfe 1999, §4.1. The convention of SciPy's
 * `mannwhitneyu(method="asymptotic")` and of R's `wilcox.test(exact = FALSE)`. When all values are equal, p is 1.
 * @throws BAD_ARGUMENT for values that are not finite; TOO_FEW_PATIENTS for an empty group.
 */
export const mannWhitneyU = (first: ArrayLike<number>, second: ArrayLike<number>): HypothesisTest => {
  const groups = [first, second];
  checkGroups(groups);
  const { ranks, tieTerm } = midranks(pooled(groups));
  const [m, n] = [first.length, second.length];
  const total = m + n;
  const statistic = (rankSums(ranks, groups)[0] ?? 0) - (m * (m + 1)) / 2;
  const deviation = Math.sqrt(((m * n) / 12) * (total + 1 - tieTerm / (total * (total - 1))));
  const distance = Math.max(0, Math.abs(statistic - (m * n) / 2) - 0.5);
  const pValue = deviation > 0 ? normalTwoSided(distance / deviation) : 1;
  return { name: "Mann–Whitney U", statistic, degreesOfFreedom: null, pValue };
};

/**
 * Kruskal–Wallis H test that k groups come from one distribution, with tie correction and the chi-square approximation on
 * k − 1 degrees of freedom. Source: Kruskal & Wallis 1952. When all values are equal, H is 0 and p is 1.
 * @throws BAD_ARGUMENT for values that are not finite or fewer than two groups; TOO_FEW_PATIENTS for an empty group.
 */
export const kruskalWallis = (groups: readonly ArrayLike<number>[]): ChiSquareTest => {
  checkGroups(groups);
  const { ranks, tieTerm } = midranks(pooled(groups));
  const n = ranks.length;
  const sums = rankSums(ranks, groups);
  const between = groups.reduce(
    (sum, { length }, i) => sum + ((sums[i] ?? 0) - (length * (n + 1)) / 2) ** 2 / length,
    0,
  );
  const untied = 1 - tieTerm / (n ** 3 - n);
  const statistic = untied > 0 ? ((12 / (n * (n + 1))) * between) / untied : 0;
  const degreesOfFreedom = groups.length - 1;
  return {
    name: "Kruskal–Wallis",
    statistic,
    degreesOfFreedom,
    pValue: chiSquareUpperTail(statistic, degreesOfFreedom),
  };
};
