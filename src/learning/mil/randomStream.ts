import { createHash } from "node:crypto";
import { type Random, seededRandom } from "../random.ts";

/** A stream of numbers that depends on its names alone: one fold's or epoch's is the same whether or not others were drawn. */
export const randomStream = (...names: readonly (string | number)[]): Random =>
  seededRandom(createHash("sha256").update(JSON.stringify(names)).digest().readInt32LE(0));

/** In random order (Fisher & Yates, as Durstenfeld 1964); the given list stays as it is. */
export const shuffled = <T>(items: readonly T[], random: Random): T[] => {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
};
