import fc from "fast-check";
import { expect, it } from "vitest";
import { kaplanMeier, type SurvivalPoint } from "../../statistics/index.ts";
import { CURVE_TOLERANCE, thinCurve, WHOLE_CURVE_POINTS } from "./survival.curve.ts";

const at = (points: readonly SurvivalPoint[], timeDays: number): SurvivalPoint | undefined =>
  points.findLast((point) => point.timeDays <= timeDays);

const curveOf = (patients: number, seed: number, eventShare: number): SurvivalPoint[] => {
  const random = (i: number) => (Math.imul(i + 1, 2_654_435_761 + 2 * seed) >>> 0) / 2 ** 32;
  return kaplanMeier({
    timesDays: Float64Array.from({ length: patients }, (_, i) => i + random(i)),
    events: Uint8Array.from({ length: patients }, (_, i) => (random(i + patients) < eventShare ? 1 : 0)),
  }).points;
};

it("leaves a short curve whole", () => {
  const points = curveOf(WHOLE_CURVE_POINTS - 1, 1, 0.5);
  expect(thinCurve(points)).toEqual(points);
});

it("moves nothing by more than the tolerance, at any time", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1001, max: 20_000 }),
      fc.nat(1000),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (patients, seed, eventShare) => {
        const points = curveOf(patients, seed, eventShare);
        const thinned = thinCurve(points);
        expect(thinned.length).toBeLessThan(4000);
        expect(thinned[0]).toEqual(points[0]);
        expect(thinned.at(-1)?.timeDays).toBe(points.at(-1)?.timeDays);
        const events = (list: readonly SurvivalPoint[]) => list.reduce((sum, point) => sum + point.events, 0);
        expect(events(thinned)).toBe(events(points));
        for (let i = 0; i < points.length; i += 7) {
          const point = points[i];
          const drawn = point && at(thinned, point.timeDays);
          if (!point || !drawn) throw new Error("The curve has a gap.");
          for (const name of ["survival", "lower", "upper"] as const)
            expect(Math.abs(point[name] - drawn[name])).toBeLessThan(CURVE_TOLERANCE);
        }
      },
    ),
    { numRuns: 15 },
  );
});
