import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isHistoError } from "../platform/errors.ts";
import { bootstrapLimits } from "./bootstrap.ts";
import { areaUnderCurve, classificationMetrics, regressionMetrics } from "./classificationMetrics.ts";
import { concordance } from "./concordance.ts";
import reference from "./reference/scikitSurvival.json" with { type: "json" };
import { breslowSurvival, brierScores, concordanceIpcw, dynamicAuc, integratedBrierScore } from "./survivalMetrics.ts";

/** |a − b| ≤ 1e-6 + 1e-4 · max|b| */
const agree = (found: readonly (number | null)[], expected: readonly number[]): void => {
  expect(found).toHaveLength(expected.length);
  const greatest = Math.max(...expected.map(Math.abs));
  found.forEach((value, i) => {
    expect(Math.abs((value ?? Number.NaN) - (expected[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-6 + 1e-4 * greatest);
  });
};

describe.each(reference.survival.map((each, index) => ({ ...each, index })))(
  "scikit-survival, case $index",
  ({ training, timesDays, events, scores, atDays, survival, risks, expected }) => {
    const tested = { training, timesDays, events };
    test("concordance with censoring weights", () => {
      agree([concordanceIpcw({ ...tested, scores })], [expected.concordanceIpcw]);
      agree([concordanceIpcw({ ...tested, scores, tauDays: 300 })], [expected.concordanceIpcwTau300]);
    });
    test("cumulative/dynamic area under the curve", () => {
      const { auc, mean } = dynamicAuc({ ...tested, scores, atDays });
      agree(auc, expected.auc);
      agree([mean], [expected.meanAuc]);
    });
    test("Brier score and its integral", () => {
      agree(brierScores({ ...tested, survival, atDays }), expected.brier);
      agree([integratedBrierScore({ ...tested, survival, atDays })], [expected.integratedBrier]);
    });
    test("survival from risks by Breslow's baseline", () => {
      agree(breslowSurvival({ training, risks, atDays }).flat(), survival.flat());
    });
  },
);

test("without censoring the weights are 1, and concordance is Harrell's", () => {
  const cohort = fc.array(fc.record({ time: fc.integer({ min: 1, max: 40 }), score: fc.integer({ min: 0, max: 9 }) }), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(cohort, (rows) => {
      const tested = { timesDays: rows.map(({ time }) => time), events: rows.map(() => 1) };
      const scores = rows.map(({ score }) => score);
      fc.pre(new Set(tested.timesDays).size > 1);
      expect(concordanceIpcw({ ...tested, training: tested, scores })).toBeCloseTo(
        concordance({ ...tested, scores }).concordance,
        12,
      );
    }),
  );
});

test("turning scores round turns concordance and areas round", () => {
  const [first] = reference.survival;
  if (!first) throw new Error("There is no case.");
  const { training, timesDays, events, scores, atDays } = first;
  const turned = scores.map((score) => -score);
  const tested = { training, timesDays, events };
  expect(concordanceIpcw({ ...tested, scores: turned })).toBeCloseTo(1 - concordanceIpcw({ ...tested, scores }), 12);
  dynamicAuc({ ...tested, scores: turned, atDays }).auc.forEach((value, i) => {
    expect(value).toBeCloseTo(1 - (dynamicAuc({ ...tested, scores, atDays }).auc[i] ?? 0), 12);
  });
});

test("a perfect prediction has a Brier score of 0, and a day before every event has no area", () => {
  const tested = { timesDays: [10, 20, 30], events: [1, 1, 1] };
  const survival = [
    [0, 0],
    [1, 0],
    [1, 1],
  ];
  expect(brierScores({ ...tested, training: tested, survival, atDays: [15, 25] })).toEqual([0, 0]);
  expect(dynamicAuc({ ...tested, training: tested, scores: [3, 2, 1], atDays: [5, 15] })).toEqual({
    auc: [null, 1],
    mean: null,
  });
});

test("what cannot be measured is refused with a code", () => {
  const codeOf = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return isHistoError(error) ? error.code : error;
    }
  };
  const censored = { timesDays: [1, 2, 3], events: [0, 0, 0] };
  expect(codeOf(() => concordanceIpcw({ ...censored, training: censored, scores: [1, 2, 3] }))).toBe("ALL_CENSORED");
  const events = { timesDays: [1, 2, 3], events: [1, 1, 1] };
  expect(codeOf(() => concordanceIpcw({ ...events, training: events, scores: [1, 2] }))).toBe("BAD_ARGUMENT");
  expect(codeOf(() => concordanceIpcw({ ...events, training: events, scores: [1, 2, Number.NaN] }))).toBe(
    "BAD_ARGUMENT",
  );
  expect(
    codeOf(() => integratedBrierScore({ ...events, training: events, survival: [[1], [1], [1]], atDays: [1] })),
  ).toBe("BAD_ARGUMENT");
  expect(codeOf(() => classificationMetrics({ labels: [], probabilities: [], classes: 2 }))).toBe("TOO_FEW_PATIENTS");
});

test("scikit-learn: accuracy, balanced accuracy, macro area under the curve, confusion", () => {
  const { labels, probabilities, expected } = reference.classification;
  const found = classificationMetrics({ labels, probabilities, classes: 4 });
  agree(
    [found.accuracy, found.balancedAccuracy, found.macroAuc],
    [expected.accuracy, expected.balancedAccuracy, expected.macroAuc],
  );
  expect(found.confusion).toEqual(expected.confusion);
});

test("calibration: bins hold every patient once, and the error is 0 for honest confidence", () => {
  const honest = {
    labels: [0, 0, 0, 1],
    probabilities: [
      [0.75, 0.25],
      [0.75, 0.25],
      [0.75, 0.25],
      [0.75, 0.25],
    ],
    classes: 2,
  };
  expect(classificationMetrics(honest).expectedCalibrationError).toBeCloseTo(0, 12);
  expect(classificationMetrics({ ...honest, labels: [1, 1, 1, 1] }).expectedCalibrationError).toBeCloseTo(0.75, 12);
  expect(classificationMetrics(honest).reliability.reduce((total, { patients }) => total + patients, 0)).toBe(4);
  expect(areaUnderCurve([1, 2], [true, true])).toBeNull();
});

test("errors of a regression", () => {
  expect(regressionMetrics([1, 2, 3], [1, 2, 3])).toEqual({
    meanAbsoluteError: 0,
    rootMeanSquaredError: 0,
    determination: 1,
  });
  expect(regressionMetrics([1, 2, 3], [2, 2, 2]).determination).toBe(0);
  expect(regressionMetrics([2, 2], [1, 3])).toEqual({
    meanAbsoluteError: 1,
    rootMeanSquaredError: 1,
    determination: null,
  });
});

test("bootstrap limits of a mean lie where theory has them, and the seed decides", () => {
  const values = Array.from({ length: 200 }, (_, i) => Math.sin(i * 7.3));
  const mean = (drawn: Uint32Array): number =>
    drawn.reduce((total, index) => total + (values[index] ?? 0), 0) / drawn.length;
  const limits = bootstrapLimits(200, mean, { replicates: 2000, seed: 3 });
  const deviation = Math.sqrt(values.reduce((total, value) => total + (value - limits.value) ** 2, 0) / 200);
  const theory = deviation / Math.sqrt(200);
  expect(limits.standardError).toBeGreaterThan(theory * 0.93);
  expect(limits.standardError).toBeLessThan(theory * 1.07);
  expect((limits.upper ?? 0) - limits.value).toBeCloseTo(1.96 * theory, 1);
  expect(bootstrapLimits(200, mean, { seed: 3 })).toEqual(bootstrapLimits(200, mean, { seed: 3 }));
  expect(bootstrapLimits(200, mean, { seed: 4 })).not.toEqual(bootstrapLimits(200, mean, { seed: 3 }));
  expect(
    bootstrapLimits(3, (drawn) => (drawn[0] === 0 && drawn[1] === 1 && drawn[2] === 2 ? 1 : null)).lower,
  ).toBeNull();
});
