import fc from "fast-check";
import { expect, test } from "vitest";
import { observe, recallByReach } from "./calibrateCells.ts";
import { measuredRecall, reachFor } from "./calibration.ts";

const recalls = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 400 });

test("the lower limit lies below the mean, and rises with the number of queries", () => {
  fc.assert(
    fc.property(recalls, (values) => {
      const { recall, lowerLimit } = measuredRecall(values);
      expect(recall).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 10);
      if (recall > 0.5) expect(lowerLimit).toBeLessThan(recall);
    }),
  );
  const ofSuccesses = [20, 100, 300, 1000].map((queries) => measuredRecall(new Array(queries).fill(1)).lowerLimit);
  expect(ofSuccesses).toEqual(ofSuccesses.toSorted((a, b) => a - b));
  expect(ofSuccesses[0]).toBeLessThan(0.95);
  expect(ofSuccesses[2]).toBeGreaterThan(0.99);
});

test("the lower limit holds in 95 of 100 samples", () => {
  // Queries of which some find nothing: the worst spread there is. Seeded, so that it says the same every time.
  let state = 7;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  for (const truth of [0.9, 0.97, 0.99]) {
    const samples = Array.from({ length: 2000 }, () =>
      measuredRecall(Array.from({ length: 300 }, () => (random() < truth ? 1 : 0))),
    );
    const right = samples.filter(({ lowerLimit }) => lowerLimit <= truth).length / samples.length;
    expect(right, `${truth}`).toBeGreaterThan(0.93);
  }
});

test("the reach of a hit is what makes its cell count", () => {
  const hits = [
    { cell: 0, distance: 0.1 },
    { cell: 1, distance: 0.2 },
  ];
  const seen = observe(
    "all",
    hits,
    new Map([
      [0, 0.15],
      [1, 0.3],
    ]),
    Float64Array.of(0.1, 0.05),
  );
  expect(seen.neededReach[0]?.map((reach) => reach.toFixed(6))).toEqual(["-0.500000", "2.000000"]);
});

test("recall is that of the worst kind of searches, and rises with the reach", () => {
  const search = (kind: "all" | "anti", ...needed: number[]) => ({ kind, neededReach: [needed, [...needed, 2]] });
  const told = recallByReach([
    ...Array.from({ length: 300 }, () => search("all", 0, 0.2)),
    ...Array.from({ length: 300 }, () => search("anti", 0.2, 1.2)),
  ]);
  const points = told.filter(({ first }) => first === 10);
  const at = (reach: number) => points.find((point) => Math.abs(point.reach - reach) < 1e-9);
  expect(at(0.1)?.recall).toBe(0);
  expect(at(0.3)?.recall).toBe(0.5);
  expect(at(1.3)?.recall).toBe(1);
  for (const [index, point] of points.entries()) {
    if (index > 0) expect(point.recall).toBeGreaterThanOrEqual(points[index - 1]?.recall as number);
  }
  const calibration = {
    queries: 300,
    searches: 600,
    nanosecondsPerRow: 1,
    nanosecondsPerCopiedRow: 1,
    nanosecondsPerRefusedRow: 1,
    milliseconds: 1,
    furthestQuery: 1,
    points: told,
  };
  expect(reachFor(calibration, 10, 0.99)?.reach).toBeCloseTo(1.2, 9);
  expect(reachFor(calibration, 11, 0.99)?.reach).toBeCloseTo(2, 9);
  expect(reachFor(calibration, 101, 0.99)).toBeUndefined();
  expect(reachFor(calibration, 10, 0.9999)).toBeUndefined();
});
