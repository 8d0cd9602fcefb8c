import { HistoError } from "../platform/errors.ts";
import { checkSurvivalTimes, requireEvents, type SurvivalTimes } from "./survivalTimes.ts";

// How well predictions order and calibrate survival when some patients are censored: every event is weighed by the inverse
// probability of not having been censored before (IPCW). As scikit-survival computes them.

/** Scores of tested patients; the censoring is estimated from `training` (which may be the same patients). */
export type PredictedSurvival = SurvivalTimes & {
  readonly training: SurvivalTimes;
};

type StepCurve = (timeDays: number) => number;

const sortedOrder = (values: ArrayLike<number>): number[] =>
  Array.from(values, (_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));

/** A right-continuous Kaplan–Meier curve; patients who die on a day are no longer there to be censored on it. */
const survivalCurve = ({ timesDays, events }: SurvivalTimes, of: "events" | "censoring"): StepCurve => {
  const times: number[] = [];
  const values: number[] = [];
  const order = sortedOrder(timesDays);
  let survival = 1;
  for (let begin = 0; begin < order.length; ) {
    const time = timesDays[order[begin] ?? 0] ?? 0;
    let end = begin;
    let died = 0;
    for (; end < order.length && timesDays[order[end] ?? 0] === time; end += 1) if (events[order[end] ?? 0]) died += 1;
    const atRisk = order.length - begin - (of === "censoring" ? died : 0);
    const ended = of === "censoring" ? end - begin - died : died;
    if (atRisk > 0) survival *= 1 - ended / atRisk;
    times.push(time);
    values.push(survival);
    begin = end;
  }
  return (timeDays) => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] ?? 0) <= timeDays) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 1 : (values[low - 1] ?? 0);
  };
};

const checkScores = (scores: ArrayLike<number>, patients: number): void => {
  if (scores.length !== patients) {
    throw new HistoError("BAD_ARGUMENT", `${scores.length} scores do not go with ${patients} patients.`);
  }
  for (let i = 0; i < patients; i += 1) {
    if (!Number.isFinite(scores[i])) throw new HistoError("BAD_ARGUMENT", "A risk score is not a finite number.");
  }
};

const noWeight = (): HistoError =>
  new HistoError("BAD_ARGUMENT", "Nobody of the training patients was followed as long as these events took.", {
    fix: "Give a horizon (tauDays) within the training patients' follow-up.",
  });

/** Counts by rank with prefix sums in O(log n) (Fenwick 1994). */
const rankCounts = (size: number) => {
  const sums = new Float64Array(size + 1);
  return {
    add: (rank: number): void => {
      for (let i = rank + 1; i <= size; i += i & -i) sums[i] = (sums[i] ?? 0) + 1;
    },
    below: (rank: number): number => {
      let total = 0;
      for (let i = rank; i > 0; i -= i & -i) total += sums[i] ?? 0;
      return total;
    },
  };
};

const ranksOf = (scores: ArrayLike<number>): { ranks: Uint32Array; count: number } => {
  const order = sortedOrder(scores);
  const ranks = new Uint32Array(scores.length);
  let rank = -1;
  let previous = Number.NaN;
  for (const index of order) {
    const score = scores[index] ?? 0;
    if (score !== previous) rank += 1;
    previous = score;
    ranks[index] = rank;
  }
  return { ranks, count: rank + 1 };
};

/**
 * Concordance with inverse-probability-of-censoring weights, 1/G(tᵢ)² for each pair that an event at tᵢ begins, up to
 * `tauDays` (Uno et al. 2011); equal scores count half. O(n log n).
 *
 * @throws BAD_ARGUMENT for scores that do not fit, or events beyond the training follow-up; ALL_CENSORED;
 * TOO_FEW_PATIENTS when no pair is comparable.
 */
export const concordanceIpcw = ({
  training,
  scores,
  tauDays = Number.POSITIVE_INFINITY,
  ...tested
}: PredictedSurvival & { readonly scores: ArrayLike<number>; readonly tauDays?: number | undefined }): number => {
  checkSurvivalTimes(tested);
  checkSurvivalTimes(training);
  requireEvents(tested.events);
  const { timesDays, events } = tested;
  checkScores(scores, timesDays.length);
  const censoring = survivalCurve(training, "censoring");
  const { ranks, count } = ranksOf(scores);
  const later = rankCounts(count);
  let laterPatients = 0;
  let concordant = 0;
  let all = 0;
  const order = sortedOrder(timesDays).reverse();
  for (let begin = 0; begin < order.length; ) {
    const time = timesDays[order[begin] ?? 0] ?? 0;
    let end = begin;
    while (end < order.length && timesDays[order[end] ?? 0] === time) end += 1;
    const same = order.slice(begin, end);
    const add = (patient: number): void => {
      later.add(ranks[patient] ?? 0);
      laterPatients += 1;
    };
    // Who was censored on that day outlived who died on it.
    for (const patient of same) if (!events[patient]) add(patient);
    for (const patient of same) {
      if (!events[patient] || time >= tauDays) continue;
      const weight = censoring(time);
      if (weight === 0) throw noWeight();
      const rank = ranks[patient] ?? 0;
      const lower = later.below(rank);
      const tied = later.below(rank + 1) - lower;
      concordant += (lower + tied / 2) / weight ** 2;
      all += laterPatients / weight ** 2;
    }
    for (const patient of same) if (events[patient]) add(patient);
    begin = end;
  }
  if (all === 0) {
    throw new HistoError("TOO_FEW_PATIENTS", "No two patients can be compared: nobody outlived an event.", {
      fix: "Choose more patients, or an endpoint with more events.",
    });
  }
  return concordant / all;
};

export type DynamicAuc = {
  /** At each of the given days; null where nobody has died yet or nobody is left. */
  auc: (number | null)[];
  /** Weighed by how many die between the days; null unless all days have one. */
  mean: number | null;
};

/**
 * Cumulative/dynamic area under the curve at given days: who dies by day t is told from who lives beyond it, deaths weighed by
 * 1/G(tᵢ) (Hung & Chiang 2010; Uno et al. 2007). The mean is weighed by the falls of the tested patients' Kaplan–Meier curve
 * (Lambert & Chevret 2016).
 * @throws as `concordanceIpcw`.
 */
export const dynamicAuc = ({
  training,
  scores,
  atDays,
  ...tested
}: PredictedSurvival & { readonly scores: ArrayLike<number>; readonly atDays: readonly number[] }): DynamicAuc => {
  checkSurvivalTimes(tested);
  checkSurvivalTimes(training);
  const { timesDays, events } = tested;
  checkScores(scores, timesDays.length);
  const censoring = survivalCurve(training, "censoring");
  const order = sortedOrder(scores);
  const auc = atDays.map((day): number | null => {
    let lowerControls = 0;
    let won = 0;
    let weights = 0;
    for (let begin = 0; begin < order.length; ) {
      const score = scores[order[begin] ?? 0];
      let end = begin;
      let controls = 0;
      let cases = 0;
      for (; end < order.length && scores[order[end] ?? 0] === score; end += 1) {
        const patient = order[end] ?? 0;
        const time = timesDays[patient] ?? 0;
        if (time > day) controls += 1;
        else if (events[patient]) {
          const weight = censoring(time);
          if (weight === 0) throw noWeight();
          cases += 1 / weight;
        }
      }
      won += cases * (lowerControls + controls / 2);
      weights += cases;
      lowerControls += controls;
      begin = end;
    }
    return weights > 0 && lowerControls > 0 ? won / (weights * lowerControls) : null;
  });
  const survival = survivalCurve(tested, "events");
  let before = 1;
  let weighted = 0;
  let total = 0;
  for (const [index, day] of atDays.entries()) {
    const fall = before - survival(day);
    before = survival(day);
    weighted += fall * (auc[index] ?? 0);
    total += fall;
  }
  const isWhole = auc.every((value) => value !== null) && total > 0;
  return { auc, mean: auc.length === 1 ? (auc[0] ?? null) : isWhole ? weighted / total : null };
};

export type BrierInput = PredictedSurvival & {
  /** Predicted probability to live beyond each of `atDays`, by patient. */
  readonly survival: readonly ArrayLike<number>[];
  /** Ascending. */
  readonly atDays: readonly number[];
};

/** Squared error of predicted survival at each day, with censoring weights (Graf et al. 1999). */
export const brierScores = ({ training, survival, atDays, ...tested }: BrierInput): number[] => {
  checkSurvivalTimes(tested);
  checkSurvivalTimes(training);
  const { timesDays, events } = tested;
  if (survival.length !== timesDays.length || survival.some(({ length }) => length !== atDays.length)) {
    throw new HistoError("BAD_ARGUMENT", "Give every patient one probability for each of the days.");
  }
  const censoring = survivalCurve(training, "censoring");
  // A weight of 1/0 is left out, as nobody is known to be in that state.
  const share = (value: number): number => (value > 0 ? 1 / value : 0);
  return atDays.map((day, column) => {
    const beyond = share(censoring(day));
    let sum = 0;
    for (let patient = 0; patient < timesDays.length; patient += 1) {
      const probability = survival[patient]?.[column] ?? Number.NaN;
      const time = timesDays[patient] ?? 0;
      if (time > day) sum += (1 - probability) ** 2 * beyond;
      else if (events[patient]) sum += probability ** 2 * share(censoring(time));
    }
    return sum / timesDays.length;
  });
};

/**
 * The Brier score over the given days: its integral by trapezoids, by their span.
 * @throws BAD_ARGUMENT for fewer than two days, or days that do not ascend.
 */
export const integratedBrierScore = (input: BrierInput): number => {
  const { atDays } = input;
  if (atDays.length < 2 || atDays.some((day, index) => index > 0 && day <= (atDays[index - 1] ?? 0))) {
    throw new HistoError("BAD_ARGUMENT", "The integrated Brier score needs two days or more, ascending.");
  }
  const scores = brierScores(input);
  let area = 0;
  for (let i = 1; i < atDays.length; i += 1) {
    area += (((scores[i] ?? 0) + (scores[i - 1] ?? 0)) / 2) * ((atDays[i] ?? 0) - (atDays[i - 1] ?? 0));
  }
  return area / ((atDays.at(-1) ?? 0) - (atDays[0] ?? 0));
};

/**
 * Survival probabilities of patients with a log relative risk, by Breslow's (1974) baseline of the patients that the risk was
 * fitted on: S(t) = exp(−H₀(t)·eʳ), H₀(t) = Σ_{tᵢ ≤ t} dᵢ / Σ_{tⱼ ≥ tᵢ} exp rⱼ. `[patients][days]`.
 */
export const breslowSurvival = ({
  training,
  risks,
  atDays,
}: {
  readonly training: SurvivalTimes & { readonly risks: ArrayLike<number> };
  readonly risks: ArrayLike<number>;
  readonly atDays: readonly number[];
}): number[][] => {
  checkSurvivalTimes(training);
  checkScores(training.risks, training.timesDays.length);
  checkScores(risks, risks.length);
  // Risks are relative: their greatest is taken out, so that no exponential overflows.
  const shift = Array.from(training.risks).reduce((most, risk) => Math.max(most, risk), Number.NEGATIVE_INFINITY);
  const order = sortedOrder(training.timesDays).reverse();
  const increments: { time: number; hazard: number }[] = [];
  let atRisk = 0;
  for (let begin = 0; begin < order.length; ) {
    const time = training.timesDays[order[begin] ?? 0] ?? 0;
    let end = begin;
    let died = 0;
    for (; end < order.length && training.timesDays[order[end] ?? 0] === time; end += 1) {
      const patient = order[end] ?? 0;
      atRisk += Math.exp((training.risks[patient] ?? 0) - shift);
      if (training.events[patient]) died += 1;
    }
    if (died > 0) increments.push({ time, hazard: died / atRisk });
    begin = end;
  }
  const baseline = atDays.map((day) =>
    increments.reduce((total, { time, hazard }) => total + (time <= day ? hazard : 0), 0),
  );
  return Array.from(risks, (risk) => baseline.map((hazard) => Math.exp(-hazard * Math.exp(risk - shift))));
};
