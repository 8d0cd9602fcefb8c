/** Numbers in [0, 1) and integers below a bound; the same seed gives the same sequence everywhere. */
export type Random = { next(): number; below(bound: number): number };

/**
 * xoshiro128** of Blackman & Vigna (2018), its state filled by the 32-bit mixer of MurmurHash3 over a Weyl sequence, so
 * that seeds 0, 1, 2, … are as unlike as any.
 */
export const seededRandom = (seed: number): Random => {
  let weyl = seed | 0;
  const mixed = (): number => {
    weyl = (weyl + 0x9e3779b9) | 0;
    let z = weyl;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  let [a, b, c, d] = [mixed(), mixed(), mixed(), mixed()];
  const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
  const word = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return result;
  };
  const next = (): number => (word() * 2 ** 21 + (word() >>> 11)) / 2 ** 53;
  return { next, below: (bound) => Math.floor(next() * bound) };
};

/** `count` different numbers below `total`, ascending; all of them when there are no more (Knuth, TAOCP 3.4.2, algorithm S). */
export const sampleWithoutReplacement = (random: Random, total: number, count: number): Uint32Array => {
  const chosen = new Uint32Array(Math.min(total, count));
  let taken = 0;
  for (let i = 0; taken < chosen.length; i++) {
    if ((total - i) * random.next() < chosen.length - taken) chosen[taken++] = i;
  }
  return chosen;
};

/** An index drawn in proportion to `weights` (not negative), whose sum is `total`. */
export const drawWeighted = (random: Random, weights: Float32Array, total: number): number => {
  let left = random.next() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? 0;
    if (weight <= 0) continue;
    last = i;
    left -= weight;
    if (left < 0) break;
  }
  return last;
};
