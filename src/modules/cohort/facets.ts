import { quantileOfSorted } from "../../statistics/index.ts";
import type { ColumnValues, ValueColumn } from "../../store/attributeValues.ts";
import type { Attribute } from "../../store/generated/client.ts";

/** The GraphQL type Facet. */
export type Facet = {
  attribute: Attribute;
  missing: number;
  categories: { value: string; count: number }[] | null;
  histogram: FacetBin[] | null;
  minimum: number | null;
  median: number | null;
  maximum: number | null;
};

/** from ≤ value < to; the last one includes its end. */
export type FacetBin = { from: number; to: number; count: number };

export const HISTOGRAM_BINS = 20;

/** What must be read of an attribute to tell how its values spread. */
export const columnOf = ({ key, type, level }: Attribute): ValueColumn => ({
  attribute: key,
  of: level === "SLIDE" ? "slide" : "patient",
  read: type === "NUMBER" ? "numbers" : type === "TEXT" ? "presence" : "counts",
});

/** Most frequent first; equally frequent ones by value, in code-unit order. */
export const byFrequency = (counts: ReadonlyMap<string, number>): { value: string; count: number }[] =>
  [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));

/** Index of the last edge that is not above the value. */
const binOf = (edges: Float64Array, value: number): number => {
  let low = 0;
  let high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
};

/** Counts of ascending values in 20 ranges of equal width, or in one where they are all equal; none without values. */
export const histogram = (sorted: Float64Array): FacetBin[] => {
  const minimum = sorted[0];
  const maximum = sorted.at(-1);
  if (minimum === undefined || maximum === undefined) return [];
  if (minimum === maximum) return [{ from: minimum, to: maximum, count: sorted.length }];
  // Weighted ends instead of a width: the difference of two large numbers may be infinite.
  const edges = Float64Array.from({ length: HISTOGRAM_BINS + 1 }, (_, index) => {
    const share = index / HISTOGRAM_BINS;
    return minimum * (1 - share) + maximum * share;
  });
  const counts = new Uint32Array(HISTOGRAM_BINS);
  for (const value of sorted) {
    const bin = binOf(edges, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return Array.from(counts, (count, index) => ({ from: edges[index] ?? 0, to: edges[index + 1] ?? 0, count }));
};

export const toFacet = (attribute: Attribute, { missing, numbers, counts }: ColumnValues): Facet => {
  if (attribute.type !== "NUMBER") {
    const categories = attribute.type === "TEXT" ? null : byFrequency(counts);
    return { attribute, missing, categories, histogram: null, minimum: null, median: null, maximum: null };
  }
  const sorted = numbers.sort();
  return {
    attribute,
    missing,
    categories: null,
    histogram: histogram(sorted),
    minimum: sorted[0] ?? null,
    median: sorted.length > 0 ? quantileOfSorted(sorted, 0.5) : null,
    maximum: sorted.at(-1) ?? null,
  };
};
