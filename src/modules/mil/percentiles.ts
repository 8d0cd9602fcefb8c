/** Percentiles of attention: what colours mean, since raw weights of a bag of 100,000 patches differ by orders of magnitude. */

/** Classes of equal size; 0 holds the least attended patches. */
export const PERCENTILES = 100;
const DECILES = 10;

/**
 * The percentile of each weight among all of the bag, 0 … 99; equal weights have the same one, that of their middle rank.
 */
export const percentilesOf = (weights: Float32Array): Uint16Array => {
  const sorted = weights.slice().sort();
  const count = sorted.length;
  const classOf = new Map<number, number>();
  for (let begin = 0; begin < count; ) {
    const value = sorted[begin] ?? 0;
    let end = begin + 1;
    while (end < count && sorted[end] === value) end += 1;
    classOf.set(value, Math.min(PERCENTILES - 1, Math.floor((PERCENTILES * (begin + end)) / (2 * count))));
    begin = end;
  }
  return Uint16Array.from(weights, (weight) => classOf.get(weight) ?? 0);
};

/** What a tenth of the percentiles holds. */
export type Decile = {
  index: number;
  patches: number;
  /** Raw weights at its ends. */
  least: number;
  most: number;
  /** Share of the bag's attention. */
  share: number;
};

/** Those that hold patches, the most attended first. */
export const decilesOf = (weights: Float32Array, percentiles: Uint16Array): Decile[] => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const deciles = new Map<number, Decile>();
  weights.forEach((weight, patch) => {
    const index = Math.floor(((percentiles[patch] ?? 0) * DECILES) / PERCENTILES);
    const decile = deciles.get(index) ?? { index, patches: 0, least: weight, most: weight, share: 0 };
    decile.patches += 1;
    decile.least = Math.min(decile.least, weight);
    decile.most = Math.max(decile.most, weight);
    decile.share += weight / total;
    deciles.set(index, decile);
  });
  return [...deciles.values()].sort((a, b) => b.index - a.index);
};

/** Indices of the greatest weights, greatest first; among equal ones the first. */
export const heaviest = (weights: Float32Array, count: number): number[] => {
  const wanted = Math.min(count, weights.length);
  if (wanted === 0) return [];
  const threshold = weights.slice().sort()[weights.length - wanted] ?? 0;
  const above: number[] = [];
  const equal: number[] = [];
  weights.forEach((weight, index) => {
    if (weight > threshold) above.push(index);
    else if (weight === threshold && equal.length < wanted) equal.push(index);
  });
  return [...above, ...equal].sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b).slice(0, wanted);
};
