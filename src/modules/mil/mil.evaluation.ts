import { isHistoError } from "../../platform/errors.ts";
import {
  bootstrapLimits,
  classificationMetrics,
  concordance,
  concordanceIpcw,
  dynamicAuc,
  integratedBrierScore,
  quantileOfSorted,
  regressionMetrics,
  type SurvivalTimes,
} from "../../statistics/index.ts";
import type { StoredTask } from "./mil.task.ts";

/** The GraphQL type Metric. */
export type Metric = {
  name: string;
  value: number;
  lower: number | null;
  upper: number | null;
  standardDeviation: number | null;
};

/** One prediction beside the truth. */
export type Judged = {
  patient: string;
  fold: number;
  repeat: number;
  truth: { timeDays: number; event: boolean } | { label: number } | { value: number };
  risk: number | null;
  /** Probability to live beyond each of `JudgedFolds.days.brier`; null where it is not known. */
  survival: readonly number[] | null;
  probabilities: readonly number[] | null;
  value: number | null;
};

/** Predictions of tested patients, and what survival metrics are measured by. */
export type JudgedFolds = {
  task: StoredTask;
  judged: readonly Judged[];
  /** Times of the patients that each fold learnt from, by fold; the censoring is estimated from them. */
  training: ReadonlyMap<number, SurvivalTimes>;
  days: EvaluationDays;
};

/** At which days survival is judged; all within the time by which three quarters of the events had happened. */
export type EvaluationDays = { auc: readonly number[]; brier: readonly number[]; tau: number };

const BRIER_DAYS = 12;
const BRIER_FROM = 0.1;
const HORIZON = 0.75;

/** @param times of those who had the event */
export const evaluationDays = (times: readonly number[]): EvaluationDays => {
  const sorted = Float64Array.from(times).sort();
  if (sorted.length === 0) return { auc: [], brier: [], tau: 0 };
  const at = (share: number) => quantileOfSorted(sorted, share);
  const distinct = (days: number[]) => [...new Set(days)].filter((day) => day > 0);
  return {
    auc: distinct([0.25, 0.5, HORIZON].map(at)),
    brier: distinct(
      Array.from({ length: BRIER_DAYS }, (_, i) => at(BRIER_FROM + ((HORIZON - BRIER_FROM) * i) / (BRIER_DAYS - 1))),
    ),
    tau: at(HORIZON),
  };
};

type Measure = (judged: readonly Judged[], folds: JudgedFolds) => number | null;

const timesOf = (judged: readonly Judged[]): SurvivalTimes => ({
  timesDays: Float64Array.from(judged, ({ truth }) => ("timeDays" in truth ? truth.timeDays : Number.NaN)),
  events: Uint8Array.from(judged, ({ truth }) => Number("event" in truth && truth.event)),
});

const risksOf = (judged: readonly Judged[]): number[] => judged.map(({ risk }) => risk ?? Number.NaN);

const trainingOf = (judged: readonly Judged[], { training }: JudgedFolds): SurvivalTimes =>
  training.get(judged[0]?.fold ?? -1) ?? { timesDays: [], events: [] };

const SURVIVAL: Record<string, Measure> = {
  concordance: (judged) => concordance({ ...timesOf(judged), scores: risksOf(judged) }).concordance,
  concordanceIpcw: (judged, folds) =>
    concordanceIpcw({
      ...timesOf(judged),
      training: trainingOf(judged, folds),
      scores: risksOf(judged),
      tauDays: folds.days.tau,
    }),
  timeDependentAuc: (judged, folds) =>
    dynamicAuc({
      ...timesOf(judged),
      training: trainingOf(judged, folds),
      scores: risksOf(judged),
      atDays: folds.days.auc,
    }).mean,
  integratedBrierScore: (judged, folds) =>
    judged.some(({ survival }) => survival === null)
      ? null
      : integratedBrierScore({
          ...timesOf(judged),
          training: trainingOf(judged, folds),
          survival: judged.map(({ survival }) => survival ?? []),
          atDays: folds.days.brier,
        }),
};

const classified = (judged: readonly Judged[], { task }: JudgedFolds) =>
  classificationMetrics({
    labels: judged.map(({ truth }) => ("label" in truth ? truth.label : -1)),
    probabilities: judged.map(({ probabilities }) => probabilities ?? []),
    classes: task.kind === "CLASSIFICATION" ? task.classes.length : 0,
  });

const CLASSIFICATION: Record<string, Measure> = {
  macroAuc: (judged, folds) => classified(judged, folds).macroAuc,
  accuracy: (judged, folds) => classified(judged, folds).accuracy,
  balancedAccuracy: (judged, folds) => classified(judged, folds).balancedAccuracy,
  expectedCalibrationError: (judged, folds) => classified(judged, folds).expectedCalibrationError,
};

const regressed = (judged: readonly Judged[]) =>
  regressionMetrics(
    judged.map(({ truth }) => ("value" in truth ? truth.value : Number.NaN)),
    judged.map(({ value }) => value ?? Number.NaN),
  );

const REGRESSION: Record<string, Measure> = {
  rootMeanSquaredError: (judged) => regressed(judged).rootMeanSquaredError,
  meanAbsoluteError: (judged) => regressed(judged).meanAbsoluteError,
  determination: (judged) => regressed(judged).determination,
};

const MEASURES = { SURVIVAL, CLASSIFICATION, REGRESSION };

/** A measure that these patients determine; null where they do not: nobody died, a class is absent. */
const measured = (measure: Measure, judged: readonly Judged[], folds: JudgedFolds): number | null => {
  if (judged.length === 0) return null;
  try {
    const value = measure(judged, folds);
    return value !== null && Number.isFinite(value) ? value : null;
  } catch (error) {
    if (isHistoError(error)) return null;
    throw error;
  }
};

/** Mean over what may be compared: risks within a fold only, probabilities and values within a repeat. */
const meanOver = (measure: Measure, judged: readonly Judged[], folds: JudgedFolds): number | null => {
  const groups = Map.groupBy(judged, ({ fold, repeat }) => (folds.task.kind === "SURVIVAL" ? fold : repeat));
  const values = [...groups.values()].flatMap((own) => measured(measure, own, folds) ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
};

const deviation = (values: readonly number[]): number | null => {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
};

/** Of one fold's patients, without limits. */
export const foldMetrics = (folds: JudgedFolds, fold: number): Metric[] => {
  const own = folds.judged.filter((each) => each.fold === fold);
  return Object.entries(MEASURES[folds.task.kind]).flatMap(([name, measure]) => {
    const value = measured(measure, own, folds);
    return value === null ? [] : [{ name, value, lower: null, upper: null, standardDeviation: null }];
  });
};

/** So many resamples: of many patients fewer, whose limits vary less and cost more. */
const replicatesFor = (judged: number): number => (judged > 2000 ? 200 : 500);

/**
 * All metrics of a task over all folds: the mean over what may be compared, 95 % limits by resampling patients (with all
 * their bags and repeats), standard deviation over folds. What the patients do not determine is left out.
 * @param pause awaited between metrics, each of which takes a while
 */
export const pooledMetrics = async (
  folds: JudgedFolds,
  seed: number,
  pause: () => Promise<void> = async () => {},
): Promise<Metric[]> => {
  const byPatient = [...Map.groupBy(folds.judged, ({ patient }) => patient).values()];
  const indices = [...new Set(folds.judged.map(({ fold }) => fold))];
  const metrics: Metric[] = [];
  for (const [name, measure] of Object.entries(MEASURES[folds.task.kind])) {
    await pause();
    if (meanOver(measure, folds.judged, folds) === null) continue;
    const limits = bootstrapLimits(
      byPatient.length,
      (drawn) =>
        meanOver(
          measure,
          Array.from(drawn).flatMap((index) => byPatient[index] ?? []),
          folds,
        ),
      { replicates: replicatesFor(folds.judged.length), seed },
    );
    const overFolds = indices.flatMap((fold) => {
      const own = folds.judged.filter((each) => each.fold === fold);
      return measured(measure, own, folds) ?? [];
    });
    metrics.push({
      name,
      value: limits.value,
      lower: limits.lower,
      upper: limits.upper,
      standardDeviation: deviation(overFolds),
    });
  }
  return metrics;
};

/** How often which class was taken for which, and how far probabilities can be trusted; null for another task. */
export const classificationReport = (folds: JudgedFolds) => {
  if (folds.task.kind !== "CLASSIFICATION" || folds.judged.length === 0) return null;
  const { confusion, reliability } = classified(folds.judged, folds);
  return { classes: folds.task.classes, confusion, reliability };
};
