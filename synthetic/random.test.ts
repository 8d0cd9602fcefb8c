import fc from "fast-check";
import { expect, test } from "vitest";
import { randomStream } from "./random.ts";

const draw = (seed: number, ...names: (string | number)[]): number[] => {
  const { bits } = randomStream(seed, ...names);
  return Array.from({ length: 8 }, bits);
};

test("a stream depends on its seed and every name, and on nothing else", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), fc.nat(), (seed, name, index) => {
      expect(draw(seed, name, index)).toEqual(draw(seed, name, index));
      expect(draw(seed, name, index)).not.toEqual(draw(seed, name, index + 1));
      expect(draw(seed, name, index)).not.toEqual(draw(seed + 1, name, index));
      expect(draw(seed, name, index)).not.toEqual(draw(seed, `${name}x`, index));
    }),
    { numRuns: 100 },
  );
});

test("uniform and normal values have their moments", () => {
  const random = randomStream(3, "moments");
  const count = 20_000;
  const uniform = Array.from({ length: count }, () => random.uniform(2, 4));
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...uniform)).toBeLessThan(4);
  expect(uniform.reduce((a, b) => a + b) / count).toBeCloseTo(3, 1);
  const normal = Array.from({ length: count }, () => random.normal(1, 2));
  const mean = normal.reduce((a, b) => a + b) / count;
  expect(mean).toBeCloseTo(1, 1);
  expect(Math.sqrt(normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count)).toBeCloseTo(2, 1);
});

test("shuffling keeps every item and leaves its input alone", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.integer()), (seed, items) => {
      const before = [...items];
      expect(randomStream(seed).shuffled(items).sort()).toEqual([...items].sort());
      expect(items).toEqual(before);
    }),
  );
});
