import cephes from "cephes";
import { HistoError } from "../platform/errors.ts";

await cephes.compiled;

/** Below this exponent a tail underflows, and Cephes throws where the answer is simply 0 (or 1). */
const SMALLEST_EXPONENT = -708;

/**
 * P(X > statistic) for a chi-square variable, accurate in its far tail.
 * Source: regularised upper incomplete gamma function Q(df/2, x/2), Abramowitz & Stegun 26.4.19; computed by Cephes.
 */
export const chiSquareUpperTail = (statistic: number, degreesOfFreedom: number): number => {
  if (Number.isNaN(statistic)) return Number.NaN;
  if (statistic <= 0) return 1;
  const shape = degreesOfFreedom / 2;
  const half = statistic / 2;
  const exponent = shape * Math.log(half) - half - cephes.lgam(shape);
  if (exponent < SMALLEST_EXPONENT) return half > shape ? 0 : 1;
  return cephes.chdtrc(degreesOfFreedom, statistic);
};

/** P(|Z| > |z|) for a standard normal variable: erfc(|z| / √2), Abramowitz & Stegun 26.2.29; computed by Cephes. */
export const normalTwoSided = (z: number): number => {
  if (Number.isNaN(z)) return Number.NaN;
  return (z * z) / 2 > -SMALLEST_EXPONENT ? 0 : cephes.erfc(Math.abs(z) / Math.SQRT2);
};

/** The value that a standard normal variable stays below with this probability, 0 < probability < 1; computed by Cephes. */
export const normalQuantile = (probability: number): number => cephes.ndtri(probability);

/**
 * P(|T| > |t|) for Student's t with any positive, also fractional, degrees of freedom ν.
 * Source: I_x(ν/2, 1/2) at x = ν / (ν + t²), Abramowitz & Stegun 26.7.1 and 26.5.27; computed by Cephes.
 */
export const studentTwoSided = (t: number, degreesOfFreedom: number): number => {
  if (Number.isNaN(t)) return Number.NaN;
  const x = degreesOfFreedom / (degreesOfFreedom + t * t);
  if ((degreesOfFreedom / 2) * Math.log(x) < SMALLEST_EXPONENT) return 0;
  return cephes.incbet(degreesOfFreedom / 2, 0.5, x);
};

/** ln n! by the log-gamma function; computed by Cephes. */
export const logFactorial = (n: number): number => cephes.lgam(n + 1);

/** ln of the number of ways to choose k of n. */
export const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/**
 * Half-width of a two-sided normal interval in standard errors: 1.96 for 0.95.
 * @throws BAD_ARGUMENT when the confidence is not strictly between 0 and 1.
 */
export const normalMultiplier = (confidence: number): number => {
  if (!(confidence > 0 && confidence < 1))
    throw new HistoError("BAD_ARGUMENT", `A confidence of ${confidence} is not between 0 and 1.`, {
      fix: "Give a confidence such as 0.95.",
      path: ["confidence"],
    });
  return normalQuantile((1 + confidence) / 2);
};
