import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kaplanMeier, numbersAtRisk } from "./kaplanMeier.ts";

const cohort = fc.array(fc.record({ time: fc.integer({ min: 0, max: 30 }), event: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

const curveOf = (patients: readonly { time: number; event: boolean }[]) =>
  kaplanMeier({ timesDays: patients.map(({ time }) => time), events: patients.map(({ event }) => event) });

describe("kaplanMeier", () => {
  it("is the share of patients alive where nobody is censored", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 50 }), (timesDays) => {
        const { points } = kaplanMeier({ timesDays, events: timesDays.map(() => true) });
        for (const { timeDays, survival, atRisk } of points) {
          expect(survival).toBeCloseTo(timesDays.filter((time) => time > timeDays).length / timesDays.length, 12);
          expect(atRisk).toBe(timesDays.filter((time) => time >= timeDays).length);
        }
      }),
    );
  });

  it("falls, stays within its limits, and counts every event once", () => {
    fc.assert(
      fc.property(cohort, (patients) => {
        const { points, events, medianDays } = curveOf(patients);
        expect(points[0]?.timeDays).toBe(0);
        let previous = 1;
        for (const { survival, lower, upper } of points) {
          expect(survival).toBeLessThanOrEqual(previous);
          expect(lower).toBeGreaterThanOrEqual(0);
          expect(lower).toBeLessThanOrEqual(survival + 1e-12);
          expect(upper).toBeGreaterThanOrEqual(survival - 1e-12);
          expect(upper).toBeLessThanOrEqual(1);
          previous = survival;
        }
        expect(points.reduce((sum, point) => sum + point.events, 0)).toBe(events);
        expect(medianDays.estimate === null).toBe((points.at(-1)?.survival ?? 1) > 0.5);
      }),
    );
  });

  it("takes the middle of a flat part at one half as the median", () => {
    const { medianDays } = kaplanMeier({ timesDays: [1, 2, 3, 5], events: [true, true, true, true] });
    expect(medianDays.estimate).toBe(2.5);
    expect(kaplanMeier({ timesDays: [1, 2, 3, 5], events: [true, true, false, false] }).medianDays.estimate).toBe(2);
    expect(kaplanMeier({ timesDays: [1, 2, 3, 5], events: [true, false, false, false] }).medianDays).toEqual({
      estimate: null,
      lower: 1,
      upper: null,
    });
  });

  it("keeps the last upper limit where the curve falls to 0", () => {
    const { points } = kaplanMeier({ timesDays: [1, 2], events: [true, true] });
    expect(points[2]).toMatchObject({ survival: 0, lower: 0, upper: points[1]?.upper });
  });

  it("joins times that differ by rounding alone", () => {
    const { points } = kaplanMeier({ timesDays: [0.1 + 0.2, 0.3, 1], events: [true, true, false] });
    expect(points.map(({ atRisk, events }) => [atRisk, events])).toEqual([
      [3, 0],
      [3, 2],
      [1, 0],
    ]);
  });

  it("starts with the events of day 0 where there are some", () => {
    const { points } = kaplanMeier({ timesDays: [0, 4], events: [true, false] });
    expect(points.map(({ timeDays, survival, atRisk }) => [timeDays, survival, atRisk])).toEqual([
      [0, 0.5, 2],
      [4, 0.5, 1],
    ]);
  });

  it("tells the numbers at risk at any day", () => {
    const { points } = kaplanMeier({ timesDays: [2, 2, 5, 9], events: [true, false, true, false] });
    expect(numbersAtRisk(points, [0, 1, 2, 2.5, 5, 9, 10])).toEqual([4, 4, 4, 2, 2, 1, 0]);
  });

  it.each([
    ["a negative time", [1, -2], [true, true], 0.95, "BAD_ARGUMENT"],
    ["a time that is not a number", [1, Number.NaN], [true, true], 0.95, "BAD_ARGUMENT"],
    ["an event without time", [1], [true, true], 0.95, "BAD_ARGUMENT"],
    ["nobody", [], [], 0.95, "TOO_FEW_PATIENTS"],
    ["a confidence in percent", [1], [true], 95, "BAD_ARGUMENT"],
  ])("refuses %s", (_, timesDays, events, confidence, code) => {
    expect(() => kaplanMeier({ timesDays, events }, { confidence })).toThrow(expect.objectContaining({ code }));
  });
});
