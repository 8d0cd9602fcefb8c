import fc from "fast-check";
import { expect, test } from "vitest";
import { jensenShannonDistance, meanOfMinima } from "./shareDistance.ts";

const shares = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: length, maxLength: length })
    .filter((counts) => counts.some((count) => count > 0))
    .map((counts) => {
      const sum = counts.reduce((total, count) => total + count, 0);
      return counts.map((count) => count / sum);
    });

test("Jensen–Shannon distances are those of scipy.spatial.distance.jensenshannon(p, q, base=2), 1.17.1", () => {
  expect(jensenShannonDistance([1, 0, 0], [0, 1, 0])).toBe(1);
  expect(jensenShannonDistance([1, 0], [0.5, 0.5])).toBeCloseTo(0.5579230452841438, 12);
  expect(jensenShannonDistance([0.2, 0.3, 0.5], [0.5, 0.3, 0.2])).toBeCloseTo(0.3095409536771482, 12);
  expect(jensenShannonDistance([0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25])).toBeCloseTo(0.20050332253142814, 12);
});

test("the Jensen–Shannon distance is a metric between 0 and 1", () => {
  fc.assert(
    fc.property(shares(5), shares(5), shares(5), (p, q, r) => {
      const distance = jensenShannonDistance(p, q);
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThanOrEqual(1);
      expect(jensenShannonDistance(q, p)).toBeCloseTo(distance, 12);
      expect(jensenShannonDistance(p, p)).toBe(0);
      expect(distance).toBeLessThanOrEqual(jensenShannonDistance(p, r) + jensenShannonDistance(r, q) + 1e-9);
    }),
  );
});

const transposed = (values: readonly number[], rows: number, columns: number) =>
  Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);

test("the mean of minima is symmetric, and between the least and the greatest distance", () => {
  const points = fc.integer({ min: 1, max: 4 });
  const sets = fc
    .tuple(points, points)
    .chain(([a, b]) =>
      fc.tuple(
        shares(a),
        shares(b),
        fc.array(fc.float({ min: 0, max: 2, noNaN: true }), { minLength: a * b, maxLength: a * b }),
      ),
    );
  fc.assert(
    fc.property(sets, ([a, b, distances]) => {
      const distance = meanOfMinima(distances, a, b);
      expect(distance).toBeGreaterThanOrEqual(Math.min(...distances) - 1e-12);
      expect(distance).toBeLessThanOrEqual(Math.max(...distances) + 1e-12);
      expect(meanOfMinima(transposed(distances, a.length, b.length), b, a)).toBeCloseTo(distance, 12);
    }),
  );
  expect(meanOfMinima([0, 1, 1, 0], [0.5, 0.5], [0.9, 0.1])).toBe(0);
  expect(meanOfMinima([0, 1], [1], [0.25, 0.75])).toBeCloseTo(0.375, 12);
});
