import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { drawWeighted, sampleWithoutReplacement, seededRandom } from "./random.ts";

describe("seededRandom", () => {
  it("gives numbers from 0 to below 1, evenly, the same for the same seed and others for the next", () => {
    for (const seed of [0, 1, 2, -7, 2 ** 31]) {
      const [random, again, next] = [seededRandom(seed), seededRandom(seed), seededRandom(seed + 1)];
      const bins = new Uint32Array(10);
      let equal = 0;
      for (let i = 0; i < 20_000; i++) {
        const value = random.next();
        expect(value >= 0 && value < 1).toBe(true);
        if (value !== again.next()) throw new Error("The same seed gave another number.");
        if (value === next.next()) equal++;
        bins[Math.floor(value * 10)] = (bins[Math.floor(value * 10)] ?? 0) + 1;
      }
      expect(equal).toBeLessThan(5);
      // Five standard deviations of a binomial count of 20,000 × 0.1.
      for (const count of bins) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.09));
    }
  });
});

test("a sample is of different numbers, ascending, as many as asked for or all", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(300), fc.nat(400), (seed, total, count) => {
      const sample = sampleWithoutReplacement(seededRandom(seed), total, count);
      expect(sample).toHaveLength(Math.min(total, count));
      expect([...sample]).toEqual([...new Set(sample)].toSorted((a, b) => a - b));
      for (const number of sample) expect(number).toBeLessThan(total);
    }),
  );
});

test("every number is as likely to be in a sample", () => {
  const random = seededRandom(11);
  const times = new Uint32Array(20);
  for (let i = 0; i < 4000; i++) {
    for (const number of sampleWithoutReplacement(random, 20, 5)) times[number] = (times[number] ?? 0) + 1;
  }
  for (const count of times) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75));
});

test("weighted draws come in proportion to the weights, and never where the weight is zero", () => {
  const random = seededRandom(4);
  const weights = Float32Array.of(0, 1, 0, 3, 0);
  const times = [0, 0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) {
    const drawn = drawWeighted(random, weights, 4);
    times[drawn] = (times[drawn] ?? 0) + 1;
  }
  expect([times[0], times[2], times[4]]).toEqual([0, 0, 0]);
  expect(Math.abs((times[1] ?? 0) - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75));
});
