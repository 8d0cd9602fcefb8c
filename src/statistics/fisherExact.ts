import { HistoError } from "../platform/errors.ts";
import { type ContingencyTable, checkTable } from "./contingency.ts";
import { logChoose } from "./distributions.ts";

export type FisherExact = {
  name: string;
  /** Two-sided. */
  pValue: number;
  /** Conditional maximum likelihood estimate; 0 or Infinity when the table is as extreme as its margins allow. */
  oddsRatio: number;
  /** Exact conditional limits of the odds ratio. */
  lower: number;
  upper: number;
  /** a·d / (b·c): NaN when both products are 0. */
  sampleOddsRatio: number;
};

/** The counts that the first cell can take with these margins, and ln of their hypergeometric probabilities. */
type Support = { smallest: number; logProbabilities: Float64Array };

const BISECTIONS = 80;

/** Probabilities of Fisher's noncentral hypergeometric distribution at ln odds ratio `logOdds`. */
const noncentral = ({ smallest, logProbabilities }: Support, logOdds: number): Float64Array => {
  const exponents = logProbabilities.map((log, i) => log + (smallest + i) * logOdds);
  const largest = exponents.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const weights = exponents.map((value) => Math.exp(value - largest));
  const sum = weights.reduce((total, value) => total + value, 0);
  return weights.map((value) => value / sum);
};

const meanOf = (support: Support, logOdds: number): number =>
  noncentral(support, logOdds).reduce((sum, probability, i) => sum + probability * (support.smallest + i), 0);

const tailOf = (support: Support, logOdds: number, from: number, to: number): number => {
  const probabilities = noncentral(support, logOdds);
  let sum = 0;
  for (let count = from; count <= to; count += 1) sum += probabilities[count - support.smallest] ?? 0;
  return sum;
};

/** The odds ratio at which an increasing function of its logarithm is 0. */
const oddsRatioWhere = (increasing: (logOdds: number) => number): number => {
  let low = -1;
  let high = 1;
  while (increasing(low) > 0 && low > -700) low *= 2;
  while (increasing(high) < 0 && high < 700) high *= 2;
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (increasing(middle) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
};

/**
 * Fisher's exact test of a 2 × 2 table, two-sided, with the odds ratio and its exact limits.
 *
 * p is the probability of all tables with these margins that are no more likely than the observed one (up to 1e-7
 * relative). The odds ratio is the conditional maximum likelihood estimate, and its limits invert the two one-sided tests:
 * the conventions of R's fisher.test. Source: Fisher 1935; Cornfield 1956; Agresti 2002, §3.5 and §3.6.1.
 * O(smallest margin × 240).
 *
 * @throws BAD_ARGUMENT when the table is not 2 × 2, a count is not a whole number, or the confidence is not in (0, 1).
 */
export const fisherExact = (table: ContingencyTable, { confidence = 0.95 } = {}): FisherExact => {
  checkTable(table);
  if (table.length !== 2 || table[0]?.length !== 2)
    throw new HistoError("BAD_ARGUMENT", "Fisher's exact test needs a table of two rows and two columns.", {
      fix: "Use the chi-square test for larger tables.",
    });
  if (!(confidence > 0 && confidence < 1))
    throw new HistoError("BAD_ARGUMENT", `A confidence of ${confidence} is not between 0 and 1.`, {
      path: ["confidence"],
    });
  const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = table;
  const firstRow = a + b;
  const firstColumn = a + c;
  const total = a + b + c + d;
  const smallest = Math.max(0, firstRow + firstColumn - total);
  const largest = Math.min(firstRow, firstColumn);
  const logTotal = logChoose(total, firstColumn);
  const support: Support = {
    smallest,
    logProbabilities: Float64Array.from({ length: largest - smallest + 1 }, (_, i) => {
      const count = smallest + i;
      return logChoose(firstRow, count) + logChoose(total - firstRow, firstColumn - count) - logTotal;
    }),
  };

  const probabilities = noncentral(support, 0);
  const bound = (probabilities[a - smallest] ?? 0) * (1 + 1e-7);
  const pValue = Math.min(
    1,
    probabilities.reduce((sum, probability) => (probability <= bound ? sum + probability : sum), 0),
  );
  const tail = (1 - confidence) / 2;
  const isSmallest = a === smallest;
  const isLargest = a === largest;
  const undetermined = isSmallest && isLargest;
  const estimate = (): number => {
    if (undetermined) return Number.NaN;
    if (isSmallest) return 0;
    return isLargest ? Number.POSITIVE_INFINITY : oddsRatioWhere((logOdds) => meanOf(support, logOdds) - a);
  };
  return {
    name: "Fisher exact",
    pValue,
    oddsRatio: estimate(),
    lower: isSmallest ? 0 : oddsRatioWhere((logOdds) => tailOf(support, logOdds, a, largest) - tail),
    upper: isLargest
      ? Number.POSITIVE_INFINITY
      : oddsRatioWhere((logOdds) => tail - tailOf(support, logOdds, smallest, a)),
    sampleOddsRatio: (a * d) / (b * c),
  };
};
