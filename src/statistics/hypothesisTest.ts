/** The outcome of one statistical test. */
export type HypothesisTest = {
  /** The test as a methods section names it, such as `"log-rank"`. */
  name: string;
  statistic: number;
  /** Degrees of freedom of the reference distribution; may be fractional (Welch); null where it has none. */
  degreesOfFreedom: number | null;
  /** Two-sided wherever the test has sides. */
  pValue: number;
};

/** A test whose statistic follows a chi-square distribution under the null hypothesis. */
export type ChiSquareTest = HypothesisTest & { degreesOfFreedom: number };
