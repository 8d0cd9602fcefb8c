import { type Random, seededRandom } from "./random.ts";
import { type MatrixProduct, transpose } from "./setDistanceProduct.ts";

/**
 * How far two groups of vectors are apart: the energy distance (Székely & Rizzo 2013, Journal of Statistical Planning and
 * Inference 143:1249–1272), 2 E|X−Y| − E|X−X'| − E|Y−Y'| with Euclidean distances, which is 0 only for equal distributions.
 */

export type EnergyRequest = {
  /** Unit vectors, `[first group then second, dims]`. */
  vectors: Float32Array;
  dims: number;
  /** How many of them are of the first group. */
  first: number;
  /** Relabelings that the p-value rests on. */
  permutations: number;
  seed: number;
};

export type EnergyTest = {
  /** n m ÷ (n + m) times the energy distance, the statistic of the test. */
  statistic: number;
  /** The energy distance divided by 2 E|X−Y|: 0 for equal distributions, at most 1. */
  coefficient: number;
  /** (1 + relabelings as far apart) ÷ (1 + relabelings) (Phipson & Smyth 2010). */
  pValue: number;
};

const BLOCK_ROWS = 512;
/** Below this a squared distance is nothing but rounding, which the root would make much of. */
const LEAST_SQUARED = 1e-6;
/** Sums of the same distances in another order differ by less than this share of them. */
const ROUNDING = 1e-6;

/** `[members, labelings]`: ones where a labeling puts a member into the first group; labeling 0 is the given one. */
const labelings = (members: number, first: number, permutations: number, random: Random): Float32Array => {
  const columns = permutations + 1;
  const labels = new Float32Array(members * columns);
  for (let member = 0; member < first; member++) labels[member * columns] = 1;
  const order = Int32Array.from({ length: members }, (_, member) => member);
  for (let column = 1; column < columns; column++) {
    for (let place = 0; place < first; place++) {
      const other = place + random.below(members - place);
      const drawn = order[other] as number;
      order[other] = order[place] as number;
      order[place] = drawn;
      labels[drawn * columns + column] = 1;
    }
  }
  return labels;
};

/** Turns cosines of unit vectors, `[rows, members]`, into Euclidean distances; row r is member `from + r`. */
const toDistances = (cosines: Float32Array, members: number, from: number): Float32Array => {
  for (let index = 0; index < cosines.length; index++) {
    const squared = 2 - 2 * (cosines[index] as number);
    cosines[index] = squared > LEAST_SQUARED ? Math.sqrt(squared) : 0;
  }
  for (let row = 0; row * members < cosines.length; row++) cosines[row * members + from + row] = 0;
  return cosines;
};

/** Tests whether two groups of vectors come from one distribution, by relabeling their members at random. */
export const energyTest = async (product: MatrixProduct, request: EnergyRequest): Promise<EnergyTest> => {
  const { vectors, dims, first, permutations, seed } = request;
  const members = vectors.length / dims;
  const columns = permutations + 1;
  const labels = labelings(members, first, permutations, seededRandom(seed));
  const turned = transpose(vectors, members, dims);
  // Of each labeling: sums of distances inside of the first group, and of the first group to all.
  const inside = new Float64Array(columns);
  const outgoing = new Float64Array(columns);
  let total = 0;
  for (let from = 0; from < members; from += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, members - from);
    const block = vectors.subarray(from * dims, (from + rows) * dims);
    const cosines = await product(block, turned, { rows, inner: dims, columns: members });
    const distances = toDistances(cosines, members, from);
    const toFirst = await product(distances, labels, { rows, inner: members, columns });
    for (let row = 0; row < rows; row++) {
      let toAll = 0;
      for (let member = 0; member < members; member++) toAll += distances[row * members + member] as number;
      total += toAll;
      for (let column = 0; column < columns; column++) {
        if (labels[(from + row) * columns + column] !== 1) continue;
        inside[column] = (inside[column] as number) + (toFirst[row * columns + column] as number);
        outgoing[column] = (outgoing[column] as number) + toAll;
      }
    }
  }
  const second = members - first;
  const energyOf = (column: number): { energy: number; between: number } => {
    const insideFirst = inside[column] as number;
    const across = (outgoing[column] as number) - insideFirst;
    const insideSecond = total - 2 * across - insideFirst;
    const between = (2 * across) / (first * second);
    return { energy: between - insideFirst / first ** 2 - insideSecond / second ** 2, between };
  };
  const { energy, between } = energyOf(0);
  let asFar = 0;
  for (let column = 1; column < columns; column++) {
    if (energyOf(column).energy >= energy - ROUNDING * between) asFar += 1;
  }
  const least = Math.max(0, energy);
  return {
    statistic: (least * first * second) / members,
    coefficient: between > 0 ? least / between : 0,
    pValue: (1 + asFar) / (1 + permutations),
  };
};
