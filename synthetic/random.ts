/**
 * Seeded random numbers: xoshiro128** (Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS
 * 2021), seeded by SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) as its authors advise.
 */

const MASK_64 = 0xffffffffffffffffn;

/** One step of SplitMix64: the state after it and the 64 bits it yields. */
const splitMix64 = (state: bigint): { state: bigint; value: bigint } => {
  const next = (state + 0x9e3779b97f4a7c15n) & MASK_64;
  let z = next;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  return { state: next, value: z ^ (z >> 31n) };
};

const hashText = (text: string): bigint => {
  let hash = 0xcbf29ce484222325n;
  for (const character of text) hash = ((hash ^ BigInt(character.codePointAt(0) ?? 0)) * 0x100000001b3n) & MASK_64;
  return hash;
};

export type Random = {
  /** 32 random bits, as an unsigned integer. */
  bits: () => number;
  /** Uniform in [low, high); [0, 1) without arguments. */
  uniform: (low?: number, high?: number) => number;
  /** Normal with the given mean and standard deviation (Box–Muller). */
  normal: (mean?: number, deviation?: number) => number;
  /** Integer in [0, count). */
  below: (count: number) => number;
  /** A new array in random order (Fisher–Yates). */
  shuffled: <T>(items: readonly T[]) => T[];
};

/**
 * A generator for one purpose. The stream depends on the seed and on every name, and on nothing else, so what one
 * part draws never shifts what another part draws, and patient 7 is the same in every cohort of that seed.
 */
export const randomStream = (seed: number, ...names: readonly (string | number)[]): Random => {
  let mixed = splitMix64(BigInt(seed)).value;
  for (const name of names) mixed = splitMix64(mixed ^ hashText(String(name))).value;
  const first = splitMix64(mixed);
  const second = splitMix64(first.state);
  let s0 = Number(first.value & 0xffffffffn) | 0;
  let s1 = Number(first.value >> 32n) | 0;
  let s2 = Number(second.value & 0xffffffffn) | 0;
  let s3 = Number(second.value >> 32n) | 1;

  const bits = (): number => {
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  };
  const uniform = (low = 0, high = 1): number => low + (high - low) * (bits() / 4294967296);
  const normal = (mean = 0, deviation = 1): number => {
    const radius = Math.sqrt(-2 * Math.log((bits() + 1) / 4294967296));
    return mean + deviation * radius * Math.cos((2 * Math.PI * bits()) / 4294967296);
  };
  const below = (count: number): number => Math.floor((bits() / 4294967296) * count);
  const shuffled = <T>(items: readonly T[]): T[] => {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = below(i + 1);
      const kept = result[i] as T;
      result[i] = result[j] as T;
      result[j] = kept;
    }
    return result;
  };
  return { bits, uniform, normal, below, shuffled };
};
