import { type Random, seededRandom } from "./random.ts";
import { type MatrixProduct, transpose } from "./setDistanceProduct.ts";
import { type HalfMatrix, unitRows } from "./setDistanceRows.ts";

/**
 * Mosaics: a few patches that stand for a slide, as in Yottixel (Kalra et al. 2020, Medical Image Analysis 65:101757), which
 * groups a slide's patches by colour and takes of each group a share that is spread over the slide. Here they are grouped by
 * their vectors, and spread along a Hilbert curve.
 */

/** Patches of a mosaic, at most. */
export const MOSAIC_PATCHES = 100;
/** Of a slide with more patches than this, so many are looked at: evenly spread over it. */
export const MOSAIC_SAMPLE = 1000;
/** Groups of like patches, as many as Yottixel's. */
const GROUPS = 9;
const STEPS = 10;
const SEED = 1;

/** Cells along an edge of the square that the curve fills. */
const CURVE_EDGE = 2 ** 16;

/** How far along the Hilbert curve a cell lies (D. Hilbert 1891), by turning quarter after quarter into its own frame. */
export const alongCurve = (x: number, y: number): number => {
  let [column, row, distance] = [x, y, 0];
  for (let half = CURVE_EDGE / 2; half >= 1; half /= 2) {
    const isRight = column >= half ? 1 : 0;
    const isLow = row >= half ? 1 : 0;
    distance += half * half * ((3 * isRight) ^ isLow);
    column -= isRight * half;
    row -= isLow * half;
    if (isLow === 1) continue;
    if (isRight === 1) [column, row] = [half - 1 - column, half - 1 - row];
    [column, row] = [row, column];
  }
  return distance;
};

export type Places = { x: ArrayLike<number>; y: ArrayLike<number> };

const extent = (values: ArrayLike<number>): [lowest: number, highest: number] => {
  let [lowest, highest] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index++) {
    lowest = Math.min(lowest, values[index] as number);
    highest = Math.max(highest, values[index] as number);
  }
  return [lowest, highest];
};

/** Numbers of the places in the order of a Hilbert curve over them, so that neighbours in the list are neighbours in the plane. */
export const inCurveOrder = ({ x, y }: Places): Int32Array => {
  const [left, right] = extent(x);
  const [top, bottom] = extent(y);
  const scale = (CURVE_EDGE - 1) / Math.max(1, right - left, bottom - top);
  const along = Float64Array.from({ length: x.length }, (_, index) =>
    alongCurve(Math.floor(((x[index] as number) - left) * scale), Math.floor(((y[index] as number) - top) * scale)),
  );
  return Int32Array.from({ length: x.length }, (_, index) => index).sort(
    (a, b) => (along[a] as number) - (along[b] as number) || a - b,
  );
};

/** `count` members of a list, evenly spaced. */
const evenly = <Member>(members: ArrayLike<Member>, count: number): Member[] =>
  Array.from({ length: count }, (_, index) => members[Math.floor(((index + 0.5) * members.length) / count)] as Member);

/** Numbers of at most `count` places that are spread over all of them, ascending. */
export const spreadOver = (places: Places, count: number = MOSAIC_SAMPLE): number[] =>
  places.x.length <= count
    ? Array.from({ length: places.x.length }, (_, index) => index)
    : evenly(inCurveOrder(places), count).sort((a, b) => a - b);

/** Those of the places that were chosen. */
export const placesAt = ({ x, y }: Places, chosen: readonly number[]): { x: number[]; y: number[] } => ({
  x: chosen.map((index) => x[index] as number),
  y: chosen.map((index) => y[index] as number),
});

/**
 * Shares of `count` in proportion to sizes, rounded by largest remainder; at least one for each, none above its
 * size.
 * @param sizes from 1, not more of them than `count`
 */
export const shareOut = (sizes: readonly number[], count: number): number[] => {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= count) return [...sizes];
  const ideal = sizes.map((size) => (size * count) / total);
  const shares = ideal.map((share) => Math.max(1, Math.floor(share)));
  for (;;) {
    const excess = shares.reduce((sum, share) => sum + share, 0) - count;
    if (excess === 0) return shares;
    const gain = (index: number) => ((ideal[index] as number) - (shares[index] as number)) * (excess > 0 ? -1 : 1);
    const possible = [...shares.keys()].filter((index) =>
      excess > 0 ? (shares[index] as number) > 1 : (shares[index] as number) < (sizes[index] as number),
    );
    const best = possible.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    shares[best] = (shares[best] as number) + (excess > 0 ? -1 : 1);
  }
};

/** Rows far from each other to begin with: K-means++ (Arthur & Vassilvitskii 2007) on squared distance 2 − 2 cos. */
const seedCentres = (rows: Float32Array, count: number, dims: number, groups: number, random: Random): Float32Array => {
  const centres = new Float32Array(groups * dims);
  const weights = new Float64Array(count).fill(1);
  for (let group = 0; group < groups; group++) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let left = random.next() * total;
    let chosen = 0;
    while (chosen < count - 1 && left >= (weights[chosen] as number)) left -= weights[chosen++] as number;
    const centre = rows.subarray(chosen * dims, (chosen + 1) * dims);
    centres.set(centre, group * dims);
    for (let row = 0; row < count; row++) {
      let cosine = 0;
      for (let index = 0; index < dims; index++)
        cosine += (rows[row * dims + index] as number) * (centre[index] as number);
      const squared = Math.max(0, 2 - 2 * cosine);
      weights[row] = group === 0 ? squared : Math.min(weights[row] as number, squared);
    }
  }
  return centres;
};

const nearestCentres = (similarities: Float32Array, count: number, groups: number): Int32Array =>
  Int32Array.from({ length: count }, (_, row) => {
    let best = 0;
    for (let group = 1; group < groups; group++) {
      if ((similarities[row * groups + group] as number) > (similarities[row * groups + best] as number)) best = group;
    }
    return best;
  });

/** Unit means of the rows of each group; a group without rows keeps its centre. */
const moveCentres = (rows: Float32Array, groupOf: Int32Array, dims: number, centres: Float32Array): Float32Array => {
  const moved = new Float32Array(centres.length);
  groupOf.forEach((group, row) => {
    for (let index = 0; index < dims; index++) {
      const place = group * dims + index;
      moved[place] = (moved[place] as number) + (rows[row * dims + index] as number);
    }
  });
  for (let from = 0; from < moved.length; from += dims) {
    const centre = moved.subarray(from, from + dims);
    const length = Math.hypot(...centre);
    if (length > 0) for (let index = 0; index < dims; index++) centre[index] = (centre[index] as number) / length;
    else centre.set(centres.subarray(from, from + dims));
  }
  return moved;
};

/** The group of each row by spherical K-means (Dhillon & Modha 2001), always the same for the same rows. */
const groupAlike = async (
  product: MatrixProduct,
  rows: Float32Array,
  count: number,
  dims: number,
): Promise<Int32Array> => {
  const groups = Math.min(GROUPS, count);
  let centres = seedCentres(rows, count, dims, groups, seededRandom(SEED));
  let groupOf = new Int32Array(count);
  for (let step = 0; step < STEPS; step++) {
    const shape = { rows: count, inner: dims, columns: groups };
    const next = nearestCentres(await product(rows, transpose(centres, groups, dims), shape), count, groups);
    const isSettled = step > 0 && next.every((group, row) => group === groupOf[row]);
    groupOf = next as Int32Array<ArrayBuffer>;
    if (isSettled) break;
    centres = moveCentres(rows, groupOf, dims, centres);
  }
  return groupOf;
};

/**
 * Chooses the patches of a mosaic: of each group of like patches its share, spread over the slide.
 * @param vectors `[patches, dims]`, not more than MOSAIC_SAMPLE
 * @param places of the same patches
 * @returns numbers of at most MOSAIC_PATCHES patches, ascending; the same for the same input
 */
export const chooseMosaic = async (product: MatrixProduct, vectors: HalfMatrix, places: Places): Promise<number[]> => {
  const { rows, dims } = vectors;
  if (rows <= MOSAIC_PATCHES) return Array.from({ length: rows }, (_, index) => index);
  const groupOf = await groupAlike(product, unitRows(vectors), rows, dims);
  const members = Map.groupBy(inCurveOrder(places), (patch) => groupOf[patch] as number);
  const groups = [...members.values()];
  const shares = shareOut(
    groups.map(({ length }) => length),
    MOSAIC_PATCHES,
  );
  return groups.flatMap((group, index) => evenly(group, shares[index] as number)).sort((a, b) => a - b);
};
