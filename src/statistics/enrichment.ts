import { HistoError } from "../platform/errors.ts";
import { chiSquareIndependence } from "./contingency.ts";
import { normalMultiplier } from "./distributions.ts";
import { fisherExact } from "./fisherExact.ts";
import { benjaminiHochberg } from "./multipleTesting.ts";
import { cutGroups, quantileOfSorted } from "./quantileGroups.ts";

/** Patients, each in one category. */
export type Categories = {
  names: readonly string[];
  /** Index into `names`, `[patients]`. */
  codes: ArrayLike<number>;
};

/** How much more often the patients of a category are rich in a phenotype than the others. */
export type CategoryEnrichment = {
  category: string;
  patients: number;
  /** Mean of the patients' shares, 0 to 1; every patient weighs alike. */
  share: number;
  /** Odds to be rich in the category ÷ odds outside; null where infinite, or where the margins leave no choice. */
  oddsRatio: number | null;
  lower: number | null;
  /** Null: unbounded. */
  upper: number | null;
  /** Two-sided. */
  pValue: number;
  /** Benjamini–Hochberg over the categories. */
  qValue: number;
  /** The test that ran. */
  test: string;
};

type OddsTest = Pick<CategoryEnrichment, "oddsRatio" | "lower" | "upper" | "pValue" | "test">;
type FourCounts = readonly [readonly [number, number], readonly [number, number]];

/** Up to so many patients the exact test takes milliseconds. */
const MOST_EXACT = 10_000;
/** Cochran 1954: with fewer expected in a cell the chi-square approximation is doubtful. */
const LEAST_EXPECTED = 5;

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const exactTest = (table: FourCounts, confidence: number): OddsTest => {
  const { oddsRatio, lower, upper, pValue, name } = fisherExact(table, { confidence });
  return { oddsRatio: finite(oddsRatio), lower: finite(lower), upper: finite(upper), pValue, test: name };
};

/** The sample odds ratio with Woolf's limits (Woolf 1955), which need four filled cells. */
const largeTest = (table: FourCounts, confidence: number, { pValue, name }: { pValue: number; name: string }) => {
  const [[a, b], [c, d]] = table;
  const oddsRatio = (a * d) / (b * c);
  const halfWidth = normalMultiplier(confidence) * Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  const bounded = Number.isFinite(halfWidth);
  return {
    oddsRatio: finite(oddsRatio),
    lower: bounded ? oddsRatio * Math.exp(-halfWidth) : null,
    upper: bounded ? oddsRatio * Math.exp(halfWidth) : null,
    pValue,
    test: name,
  };
};

/**
 * Whether two yes-or-no properties of patients go together: Fisher's exact test with its conditional odds ratio and exact
 * limits (R's `fisher.test`); with more than 10,000 patients and at least 5 expected in each cell Pearson's chi-square test
 * without continuity correction, the sample odds ratio and Woolf's limits.
 * @param table `[[both, first only], [second only, neither]]`
 * @throws BAD_ARGUMENT as `fisherExact`
 */
export const oddsTest = (table: FourCounts, confidence: number): OddsTest => {
  const sums = [...table.map(([x, y]) => x + y), table[0][0] + table[1][0], table[0][1] + table[1][1]];
  const total = (sums[0] ?? 0) + (sums[1] ?? 0);
  if (total <= MOST_EXACT || sums.includes(0)) return exactTest(table, confidence);
  const { smallestExpected, ...test } = chiSquareIndependence(table);
  return smallestExpected < LEAST_EXPECTED ? exactTest(table, confidence) : largeTest(table, confidence, test);
};

const median = (values: ArrayLike<number>): number => quantileOfSorted(Float64Array.from(values).sort(), 0.5);

/**
 * Enrichment of categories of patients in a phenotype. The unit is the patient, because patches of one patient are not
 * independent: a patient is *rich* when the share lies above the median of all these patients (when more than half have
 * none of it: when there is any), and each category is tested against all others in a 2 × 2 table of patients.
 *
 * Tests as `oddsTest`; q by Benjamini & Hochberg 1995 over the categories.
 * @param shares 0 to 1, `[patients]`
 * @throws TOO_FEW_PATIENTS for fewer than two patients; BAD_ARGUMENT when lengths differ or a share is not finite
 */
export const enrichCategories = (
  shares: ArrayLike<number>,
  { names, codes }: Categories,
  { confidence = 0.95 } = {},
): CategoryEnrichment[] => {
  const patients = shares.length;
  if (codes.length !== patients)
    throw new HistoError("BAD_ARGUMENT", `${codes.length} categories do not go with ${patients} shares.`);
  if (patients < 2)
    throw new HistoError("TOO_FEW_PATIENTS", `${patients} patients have both a share and a value; two are needed.`, {
      fix: "Choose a larger cohort, or an attribute that is known of more patients.",
    });
  const bound = median(shares);
  if (!Number.isFinite(bound)) throw new HistoError("BAD_ARGUMENT", "A share is missing or not a finite number.");
  const members = new Uint32Array(names.length);
  const rich = new Uint32Array(names.length);
  const sums = new Float64Array(names.length);
  let allRich = 0;
  for (let patient = 0; patient < patients; patient += 1) {
    const code = codes[patient] ?? -1;
    const share = shares[patient] ?? Number.NaN;
    if (!(code in members)) throw new HistoError("BAD_ARGUMENT", `${code} is not a category.`);
    members[code] = (members[code] ?? 0) + 1;
    sums[code] = (sums[code] ?? 0) + share;
    if (share <= bound) continue;
    rich[code] = (rich[code] ?? 0) + 1;
    allRich += 1;
  }
  const rows = names.flatMap((category, code) => {
    const [own, ownRich] = [members[code] ?? 0, rich[code] ?? 0];
    if (own === 0) return [];
    const table = [
      [ownRich, own - ownRich],
      [allRich - ownRich, patients - own - (allRich - ownRich)],
    ] as const;
    return [{ category, patients: own, share: (sums[code] ?? 0) / own, ...oddsTest(table, confidence) }];
  });
  const qValues = benjaminiHochberg(rows.map(({ pValue }) => pValue));
  return rows.map((row, index) => ({ ...row, qValue: qValues[index] ?? row.pValue }));
};

/**
 * Numbers as categories: up to `groups` ranges of about equal size, cut at quantiles of type 7; fewer where many values are
 * equal, one for each value where there are no more values than groups.
 * @throws BAD_ARGUMENT for values that are not finite
 */
export const numberCategories = (values: ArrayLike<number>, groups = 4): Categories => {
  const sorted = Float64Array.from(values).sort();
  const distinct = [...new Set(sorted)];
  const cuts =
    distinct.length <= groups
      ? distinct
      : Array.from({ length: groups - 1 }, (_, index) => quantileOfSorted(sorted, (index + 1) / groups));
  // Between two cuts, and above the last, there must be somebody.
  const largest = sorted.at(-1) ?? 0;
  const kept: number[] = [];
  for (const cut of cuts) {
    const isReached = distinct.some((value) => value > (kept.at(-1) ?? Number.NEGATIVE_INFINITY) && value <= cut);
    if (isReached && cut < largest) kept.push(cut);
  }
  const { names, groups: codes } = cutGroups(values, kept);
  return { names, codes };
};
