import { createHash } from "node:crypto";

/** A stream of numbers that depends on its seed and name alone. */
export type Random = {
  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number;
  /** An integer in [0, below). */
  below(below: number): number;
};

/**
 * sfc32 (Doty-Humphrey's "Small Fast Counting" generator, PractRand), seeded by the SHA-256 of the names, so that the
 * stream of one fold and epoch is the same whether or not those before it were drawn.
 */
export const randomStream = (...names: readonly (string | number)[]): Random => {
  const digest = createHash("sha256").update(JSON.stringify(names)).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return {
    uniform: () => next() / 2 ** 32,
    below: (below) => Math.floor((next() / 2 ** 32) * below),
  };
};

/** In random order (Fisher & Yates, as Durstenfeld 1964); the given list stays as it is. */
export const shuffled = <T>(items: readonly T[], random: Random): T[] => {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
};

/** `count` different numbers from 0 … below − 1, ascending; all of them when there are no more. O(count) (Floyd 1987). */
export const sampledRows = (below: number, count: number, random: Random): Uint32Array => {
  if (count >= below) return Uint32Array.from({ length: below }, (_, row) => row);
  const chosen = new Set<number>();
  for (let last = below - count; last < below; last++) {
    const row = random.below(last + 1);
    chosen.add(chosen.has(row) ? last : row);
  }
  return Uint32Array.from(chosen).sort();
};
