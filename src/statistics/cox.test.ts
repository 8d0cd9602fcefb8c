import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CovariateTerm, coxProportionalHazards, designMatrix, logRank, proportionalityTests } from "./index.ts";

const numeric = (name: string, values: number[]): CovariateTerm => ({ kind: "numeric", name, values });

/** A cohort without ties whose hazard depends on x, from a fixed linear congruential generator. */
const generated = (patients: number) => {
  let state = 12345;
  const random = (): number => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return (state + 0.5) / 4294967296;
  };
  const rows = Array.from({ length: patients }, () => {
    const x = random() < 0.5 ? 1 : 0;
    const y = random() * 4;
    const died = -Math.log(random()) * 300 * Math.exp(-0.8 * x - 0.2 * y);
    const seen = random() * 500;
    return { x, y, time: Math.min(died, seen), event: died <= seen };
  });
  return {
    timesDays: rows.map(({ time }) => time),
    events: rows.map(({ event }) => event),
    x: rows.map(({ x }) => x),
    y: rows.map(({ y }) => y),
  };
};

const cohort = generated(80);
const { timesDays, events, x, y } = cohort;

const fitOf = (terms: CovariateTerm[], ties: "efron" | "breslow" = "efron") =>
  coxProportionalHazards({ timesDays, events, design: designMatrix(terms) }, { ties });

describe("coxProportionalHazards", () => {
  it("finds the maximum: the score vanishes and no neighbour is likelier", () => {
    const fit = fitOf([numeric("x", x), numeric("y", y)]);
    const logLikelihood = (b: number, c: number): number => {
      const risk = timesDays.map((_, i) => Math.exp(b * (x[i] ?? 0) + c * (y[i] ?? 0)));
      return timesDays.reduce((sum, time, i) => {
        if (!events[i]) return sum;
        const atRisk = risk.reduce((total, weight, j) => ((timesDays[j] ?? 0) >= time ? total + weight : total), 0);
        return sum + Math.log((risk[i] ?? 0) / atRisk);
      }, 0);
    };
    const [b = 0, c = 0] = fit.terms.map(({ coefficient }) => coefficient);
    expect(fit.logLikelihood[1]).toBeCloseTo(logLikelihood(b, c), 9);
    expect(fit.logLikelihood[0]).toBeCloseTo(logLikelihood(0, 0), 9);
    const h = 1e-4;
    expect((logLikelihood(b + h, c) - logLikelihood(b - h, c)) / (2 * h)).toBeCloseTo(0, 5);
    expect((logLikelihood(b, c + h) - logLikelihood(b, c - h)) / (2 * h)).toBeCloseTo(0, 5);
  });

  it("has the log-rank statistic as its score test for two groups without ties", () => {
    const { statistic } = logRank({ timesDays, events, groups: x, groupCount: 2 });
    expect(fitOf([numeric("x", x)]).score.statistic).toBeCloseTo(statistic, 9);
  });

  it("gives one answer for both kinds of ties where there are none", () => {
    const [efron, breslow] = (["efron", "breslow"] as const).map((ties) => fitOf([numeric("y", y)], ties).terms[0]);
    expect(efron?.coefficient).toBeCloseTo(breslow?.coefficient ?? Number.NaN, 12);
  });

  it("follows the scale, origin and order of its input", () => {
    const base = fitOf([numeric("x", x), numeric("y", y)]);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: -1000, max: 1000 }),
        fc.shuffledSubarray([...timesDays.keys()], { minLength: timesDays.length }),
        (scale, shift, order) => {
          const design = designMatrix([
            numeric(
              "x",
              order.map((i) => x[i] ?? 0),
            ),
            numeric(
              "y",
              order.map((i) => ((y[i] ?? 0) + shift) * scale),
            ),
          ]);
          const input = {
            timesDays: order.map((i) => timesDays[i] ?? 0),
            events: order.map((i) => events[i] ?? false),
            design,
          };
          const fit = coxProportionalHazards(input);
          expect(fit.terms[0]?.coefficient).toBeCloseTo(base.terms[0]?.coefficient ?? Number.NaN, 8);
          expect((fit.terms[1]?.coefficient ?? 0) * scale).toBeCloseTo(base.terms[1]?.coefficient ?? Number.NaN, 8);
          expect(fit.logLikelihood[1]).toBeCloseTo(base.logLikelihood[1], 8);
          const predictors = order.map((_, place) => fit.linearPredictors[place] ?? 0);
          predictors.forEach((value, place) => {
            expect(value).toBeCloseTo(base.linearPredictors[order[place] ?? 0] ?? Number.NaN, 7);
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it("adds the log-likelihoods of two strata that differ in nothing", () => {
    const twice = { timesDays: [...timesDays, ...timesDays], events: [...events, ...events] };
    const design = designMatrix([numeric("y", [...y, ...y])]);
    const fit = coxProportionalHazards({
      ...twice,
      design,
      strata: twice.timesDays.map((_, i) => (i < x.length ? "a" : "b")),
    });
    const single = fitOf([numeric("y", y)]);
    expect(fit.terms[0]?.coefficient).toBeCloseTo(single.terms[0]?.coefficient ?? Number.NaN, 10);
    expect(fit.logLikelihood[1]).toBeCloseTo(2 * single.logLikelihood[1], 8);
    expect(fit.concordance).toBeCloseTo(single.concordance, 12);
  });

  const refuses = (name: string, run: () => unknown, code: string, words: RegExp): void => {
    it(`refuses ${name}`, () => {
      expect(run).toThrow(expect.objectContaining({ code, message: expect.stringMatching(words) }));
    });
  };

  refuses(
    "a covariate that repeats another",
    () =>
      fitOf([
        numeric("x", x),
        numeric(
          "half",
          x.map((v) => v / 2),
        ),
      ]),
    "BAD_ARGUMENT",
    /"half" is a linear combination/,
  );
  refuses(
    "a sum of covariates",
    () =>
      fitOf([
        numeric("x", x),
        numeric("y", y),
        numeric(
          "sum",
          x.map((v, i) => v + (y[i] ?? 0)),
        ),
      ]),
    "BAD_ARGUMENT",
    /"sum" is a linear combination/,
  );
  refuses(
    "a constant",
    () =>
      fitOf([
        numeric("x", x),
        numeric(
          "one",
          x.map(() => 7.3),
        ),
      ]),
    "BAD_ARGUMENT",
    /"one" is the same for every patient/,
  );
  refuses(
    "a covariate that differs only before the first event",
    () =>
      coxProportionalHazards({
        timesDays: [1, 2, 3, 4],
        events: [false, true, true, false],
        design: designMatrix([numeric("early", [1, 0, 0, 0])]),
      }),
    "BAD_ARGUMENT",
    /"early" does not vary among the patients at risk/,
  );
  refuses(
    "a category without events",
    () =>
      fitOf([
        numeric("y", y),
        { kind: "categorical", name: "g", values: events.map((event, i) => (!event && i % 2 ? "rare" : "a")) },
      ]),
    "BAD_ARGUMENT",
    /"g: rare" grows without bound/,
  );
  refuses(
    "a covariate in perfect order",
    () =>
      coxProportionalHazards({
        timesDays: [1, 2, 3, 4, 5, 6],
        events: Array(6).fill(true),
        design: designMatrix([numeric("order", [6, 5, 4, 3, 2, 1])]),
      }),
    "BAD_ARGUMENT",
    /"order" grows without bound/,
  );
  refuses(
    "patients without events",
    () =>
      coxProportionalHazards({ timesDays, events: events.map(() => false), design: designMatrix([numeric("x", x)]) }),
    "ALL_CENSORED",
    /None of the 80 patients/,
  );
  refuses(
    "fewer patients than coefficients",
    () =>
      coxProportionalHazards({
        timesDays: [1, 2],
        events: [true, true],
        design: designMatrix([numeric("a", [1, 2]), numeric("b", [2, 1])]),
      }),
    "TOO_FEW_PATIENTS",
    /2 patients are too few/,
  );
  refuses(
    "covariates of other patients",
    () => coxProportionalHazards({ timesDays: [1], events: [true], design: designMatrix([numeric("a", [1, 2])]) }),
    "BAD_ARGUMENT",
    /do not go with/,
  );
});

describe("logRank", () => {
  it.each([
    ["all censored", { timesDays: [1, 2], events: [0, 0], groups: [0, 1], groupCount: 2 }, "ALL_CENSORED"],
    ["one group", { timesDays: [1, 2], events: [1, 0], groups: [0, 0], groupCount: 2 }, "TOO_FEW_PATIENTS"],
    ["an unknown group", { timesDays: [1, 2], events: [1, 0], groups: [0, 2], groupCount: 2 }, "BAD_ARGUMENT"],
    ["a missing group", { timesDays: [1, 2], events: [1, 0], groups: [0], groupCount: 2 }, "BAD_ARGUMENT"],
    [
      "strata that are the groups",
      { timesDays: [1, 2, 3, 4], events: [1, 1, 1, 1], groups: [0, 0, 1, 1], groupCount: 2, strata: [0, 0, 1, 1] },
      "BAD_ARGUMENT",
    ],
  ])("refuses %s", (_, input, code) => {
    expect(() => logRank(input)).toThrow(expect.objectContaining({ code }));
  });
});

describe("proportionalityTests", () => {
  it("has nothing to test where all events happen at one time", () => {
    const input = {
      timesDays: [5, 5, 6, 7, 5, 6],
      events: [1, 1, 0, 0, 1, 0],
      design: designMatrix([numeric("a", [1, 3, 2, 5, 2, 1])]),
    };
    expect(proportionalityTests(input, coxProportionalHazards(input))).toEqual([]);
  });

  it("sees a hazard ratio that turns with time", () => {
    const late = timesDays.map((time, i) => ({ time: (x[i] === 1) === time > 60 ? time + 200 : time, x: x[i] ?? 0 }));
    const input = {
      timesDays: late.map(({ time }) => time),
      events: events.map(() => true),
      design: designMatrix([
        numeric(
          "x",
          late.map((row) => row.x),
        ),
      ]),
    };
    const [test] = proportionalityTests(input, coxProportionalHazards(input));
    expect(test?.pValue).toBeLessThan(0.001);
  });
});
