import { HistoError } from "../platform/errors.ts";
import { studentTwoSided } from "./distributions.ts";
import type { HypothesisTest } from "./hypothesisTest.ts";

const meanAndVariance = (values: ArrayLike<number>): { mean: number; variance: number } => {
  if (values.length < 2)
    throw new HistoError("TOO_FEW_PATIENTS", "A comparison of means needs two patients in each group.", {
      fix: "Choose groups with at least two patients each.",
    });
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] ?? 0;
  const mean = sum / values.length;
  if (!Number.isFinite(mean)) throw new HistoError("BAD_ARGUMENT", "A value is missing or not a finite number.");
  let squares = 0;
  for (let i = 0; i < values.length; i += 1) squares += ((values[i] ?? 0) - mean) ** 2;
  return { mean, variance: squares / (values.length - 1) };
};

/**
 * Welch's t test that two groups have one mean, whatever their variances: t of first minus second, the degrees of freedom
 * of Welch–Satterthwaite, two-sided p. Source: Welch 1947.
 * @throws TOO_FEW_PATIENTS for a group of fewer than two; BAD_ARGUMENT when neither group varies or a value is not finite.
 */
export const welchT = (first: ArrayLike<number>, second: ArrayLike<number>): HypothesisTest => {
  const a = meanAndVariance(first);
  const b = meanAndVariance(second);
  const errorA = a.variance / first.length;
  const errorB = b.variance / second.length;
  if (errorA + errorB === 0)
    throw new HistoError("BAD_ARGUMENT", "Neither group varies, so their means cannot be compared.", {
      fix: "Choose an attribute that differs between patients.",
    });
  const statistic = (a.mean - b.mean) / Math.sqrt(errorA + errorB);
  const degreesOfFreedom =
    (errorA + errorB) ** 2 / (errorA ** 2 / (first.length - 1) + errorB ** 2 / (second.length - 1));
  return { name: "Welch's t", statistic, degreesOfFreedom, pValue: studentTwoSided(statistic, degreesOfFreedom) };
};
