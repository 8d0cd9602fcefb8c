import { normalMultiplier } from "./distributions.ts";
import { checkSurvivalTimes, distinctTimes, type SurvivalTimes } from "./survivalTimes.ts";

/** The scale on which the confidence limits are symmetric: R's `conf.type`. */
export type LimitScale = "log" | "log-log";

export type SurvivalPoint = {
  timeDays: number;
  /** Probability to live beyond `timeDays`. */
  survival: number;
  lower: number;
  upper: number;
  /** Patients alive and under observation just before `timeDays`. */
  atRisk: number;
  /** Events at `timeDays`. */
  events: number;
};

/** A quantile of the survival time in days; null where the curve (or its limit) never falls so far. */
export type SurvivalTimeEstimate = { estimate: number | null; lower: number | null; upper: number | null };

export type KaplanMeierCurve = {
  patients: number;
  events: number;
  medianDays: SurvivalTimeEstimate;
  /** Day 0, then every distinct time, of events and of censoring. */
  points: SurvivalPoint[];
};

export type KaplanMeierOptions = {
  confidence?: number | undefined;
  /** Scale of the limits of the curve. */
  limits?: LimitScale | undefined;
  /** Scale of the curve whose crossings give the limits of the median; R's default is "log". */
  medianLimits?: LimitScale | undefined;
};

type Steps = { survival: Float64Array; standardErrors: Float64Array };
type Limits = { lower: Float64Array; upper: Float64Array };

const limitsOf = ({ survival, standardErrors }: Steps, scale: LimitScale, multiplier: number): Limits => {
  const lower = new Float64Array(survival.length).fill(Number.NaN);
  const upper = new Float64Array(survival.length).fill(Number.NaN);
  for (let i = 0; i < survival.length; i += 1) {
    const s = survival[i] ?? 0;
    const halfWidth = multiplier * (standardErrors[i] ?? 0);
    if (s <= 0 || (s >= 1 && scale === "log-log")) continue;
    if (scale === "log") {
      lower[i] = s * Math.exp(-halfWidth);
      upper[i] = Math.min(1, s * Math.exp(halfWidth));
    } else {
      const hazard = -Math.log(s);
      lower[i] = Math.exp(-hazard * Math.exp(halfWidth / hazard));
      upper[i] = Math.exp(-hazard * Math.exp(-halfWidth / hazard));
    }
  }
  return { lower, upper };
};

const EQUAL = Math.sqrt(Number.EPSILON);

/** The first day at which a falling curve reaches 1/2, the middle of its flat part when it lies on 1/2; NaN is skipped. */
const medianOf = (curve: Float64Array, distinctDays: Float64Array): number | null => {
  const first = curve.findIndex((value) => value < 0.5 + EQUAL);
  if (first < 0) return null;
  const reached = curve[first] ?? 0;
  const day = distinctDays[first] ?? 0;
  if (Math.abs(reached - 0.5) >= EQUAL) return day;
  const next = curve.findIndex((value, i) => i > first && value < reached);
  return next < 0 ? day : (day + (distinctDays[next] ?? 0)) / 2;
};

/**
 * Kaplan–Meier estimate of the survival curve of one group, O(n log n).
 *
 * Survival: S(t) = Π (1 − dᵢ/nᵢ), Kaplan & Meier 1958. Variance of ln S: Σ dᵢ / (nᵢ(nᵢ − dᵢ)), Greenwood 1926.
 * Limits at multiplier z: S·exp(±z·se) on the log scale, exp(−H·exp(±z·se/H)) with H = −ln S on the log-log scale
 * (Kalbfleisch & Prentice 2002, §1.4). Median and limits: first crossing of 1/2 by the curve and by its limits, the
 * middle of a flat part that lies on 1/2 (Brookmeyer & Crowley 1982, as R's survival).
 *
 * Where the variance is undefined: limits are 1 before the first event; where the curve falls to 0 the lower limit is 0
 * and the upper one stays at its last value (R prints NA). Such points never decide a limit of the median.
 *
 * @throws BAD_ARGUMENT and TOO_FEW_PATIENTS as `checkSurvivalTimes`; BAD_ARGUMENT for a confidence outside (0, 1).
 */
export const kaplanMeier = (
  input: SurvivalTimes,
  { confidence = 0.95, limits = "log-log", medianLimits = "log" }: KaplanMeierOptions = {},
): KaplanMeierCurve => {
  checkSurvivalTimes(input);
  const multiplier = normalMultiplier(confidence);
  const patients = input.timesDays.length;
  const { distinct, index } = distinctTimes(input.timesDays);
  const deaths = new Uint32Array(distinct.length);
  const leaving = new Uint32Array(distinct.length);
  for (let i = 0; i < patients; i += 1) {
    const time = index[i] ?? 0;
    leaving[time] = (leaving[time] ?? 0) + 1;
    if (input.events[i]) deaths[time] = (deaths[time] ?? 0) + 1;
  }

  const steps: Steps = {
    survival: new Float64Array(distinct.length),
    standardErrors: new Float64Array(distinct.length),
  };
  const atRisk = new Uint32Array(distinct.length);
  let remaining = patients;
  let survival = 1;
  let variance = 0;
  let events = 0;
  for (let time = 0; time < distinct.length; time += 1) {
    const died = deaths[time] ?? 0;
    atRisk[time] = remaining;
    if (died > 0) {
      survival *= (remaining - died) / remaining;
      variance += died / (remaining * (remaining - died));
      events += died;
    }
    steps.survival[time] = survival;
    steps.standardErrors[time] = Math.sqrt(variance);
    remaining -= leaving[time] ?? 0;
  }

  const { lower, upper } = limitsOf(steps, limits, multiplier);
  const points: SurvivalPoint[] = [];
  if ((distinct[0] ?? 0) > 0)
    points.push({ timeDays: 0, survival: 1, lower: 1, upper: 1, atRisk: patients, events: 0 });
  let lastUpper = 1;
  for (let time = 0; time < distinct.length; time += 1) {
    const s = steps.survival[time] ?? 0;
    const low = lower[time] ?? Number.NaN;
    const high = upper[time] ?? Number.NaN;
    lastUpper = Number.isNaN(high) ? lastUpper : high;
    points.push({
      timeDays: distinct[time] ?? 0,
      survival: s,
      lower: Number.isNaN(low) ? s : low,
      upper: lastUpper,
      atRisk: atRisk[time] ?? 0,
      events: deaths[time] ?? 0,
    });
  }

  const around = limitsOf(steps, medianLimits, multiplier);
  const medianDays = {
    estimate: medianOf(steps.survival, distinct),
    lower: medianOf(around.lower, distinct),
    upper: medianOf(around.upper, distinct),
  };
  return { patients, events, medianDays, points };
};

/** Patients still at risk just before each of the given days: the table under a survival plot. */
export const numbersAtRisk = (points: readonly SurvivalPoint[], days: readonly number[]): number[] =>
  days.map((day) => {
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((points[middle]?.timeDays ?? 0) < day) low = middle + 1;
      else high = middle;
    }
    return points[low]?.atRisk ?? 0;
  });
