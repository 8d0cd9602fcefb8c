import type { BagScore, FoldResult, Prediction } from "../../learning/mil/index.ts";
import { breslowSurvival, type SurvivalTimes } from "../../statistics/index.ts";
import { evaluationDays, type Judged, type JudgedFolds } from "./mil.evaluation.ts";
import type { PlannedBag } from "./mil.plan.ts";
import type { StoredTask } from "./mil.task.ts";

/** Predictions beside the truth: what evaluations are made of. */

/** What a fold's head says of the patients that it learnt from, for baselines of hazards; by key of the bag. */
export type TrainRisks = ReadonlyMap<string, number>;

export type PredictedFold = Pick<FoldResult, "index" | "repeat" | "trainPatients" | "validationPatients"> & {
  predictions: readonly (Prediction | BagScore)[];
  trainRisks: TrainRisks | null;
};

export const truthOf = (task: StoredTask, { target }: PlannedBag): Judged["truth"] => {
  if ("timeDays" in target || "value" in target) return target;
  return { label: task.kind === "CLASSIFICATION" ? task.classes.indexOf(target.label) : -1 };
};

const timesOf = (bags: readonly PlannedBag[]): SurvivalTimes => ({
  timesDays: Float64Array.from(bags, ({ target }) => ("timeDays" in target ? target.timeDays : Number.NaN)),
  events: Uint8Array.from(bags, ({ target }) => Number("event" in target && target.event)),
});

/** One bag a patient: the censoring of a patient with many slides counts once. */
const onePerPatient = (bags: readonly PlannedBag[]): PlannedBag[] => [
  ...new Map(bags.map((bag) => [bag.patientKey, bag])).values(),
];

/** Survival beyond any day from that beyond the ends of intervals: straight lines between, level after the last. */
export const survivalAt = (survival: readonly number[], cutsDays: readonly number[], day: number): number => {
  let [fromDay, from] = [0, 1];
  for (const [index, cut] of cutsDays.entries()) {
    const to = survival[index] ?? from;
    if (day <= cut) return from + ((to - from) * (day - fromDay)) / Math.max(cut - fromDay, Number.MIN_VALUE);
    [fromDay, from] = [cut, to];
  }
  return from;
};

const learntFrom = (bags: readonly PlannedBag[], fold: PredictedFold): PlannedBag[] => {
  const patients = new Set([...fold.trainPatients, ...fold.validationPatients]);
  return bags.filter(({ patientKey }) => patients.has(patientKey));
};

const survivalOf = (
  task: StoredTask,
  bags: readonly PlannedBag[],
  fold: PredictedFold,
  days: readonly number[],
): (readonly number[] | null)[] => {
  const { predictions, trainRisks } = fold;
  if (task.kind !== "SURVIVAL") return predictions.map(() => null);
  const { cutsDays } = task;
  if (cutsDays !== null) {
    return predictions.map(({ survival }) => survival && days.map((day) => survivalAt(survival, cutsDays, day)));
  }
  if (!trainRisks) return predictions.map(() => null);
  const known = learntFrom(bags, fold).filter(({ key }) => trainRisks.has(key));
  const risks = known.map(({ key }) => trainRisks.get(key) ?? Number.NaN);
  return breslowSurvival({
    training: { ...timesOf(known), risks },
    risks: predictions.map(({ risk }) => risk ?? Number.NaN),
    atDays: days,
  });
};

/** Days at which survival is judged: by the events of all patients. */
export const daysOf = (bags: readonly PlannedBag[]) =>
  evaluationDays(
    onePerPatient(bags).flatMap(({ target }) => ("event" in target && target.event ? [target.timeDays] : [])),
  );

export const judgeFolds = (
  task: StoredTask,
  bags: readonly PlannedBag[],
  folds: readonly PredictedFold[],
): JudgedFolds => {
  const byKey = new Map(bags.map((bag) => [bag.key, bag]));
  const days = daysOf(bags);
  const judged = folds.flatMap((fold) => {
    const survival = survivalOf(task, bags, fold, days.brier);
    return fold.predictions.flatMap((prediction, index): Judged[] => {
      const bag = byKey.get(prediction.key);
      if (!bag) return [];
      return [
        {
          patient: prediction.patient,
          fold: fold.index,
          repeat: fold.repeat,
          truth: truthOf(task, bag),
          risk: prediction.risk,
          survival: survival[index] ?? null,
          probabilities: prediction.probabilities,
          value: prediction.value,
        },
      ];
    });
  });
  const training = new Map(folds.map((fold) => [fold.index, timesOf(onePerPatient(learntFrom(bags, fold)))]));
  return { task, judged, training, days };
};

/** The same folds predicted by what needs no vectors: how often each class is, or the mean value, among training patients. */
export const constantFolds = (
  task: StoredTask,
  bags: readonly PlannedBag[],
  folds: readonly PredictedFold[],
): PredictedFold[] =>
  folds.map((fold) => {
    const own = learntFrom(bags, fold);
    const shares =
      task.kind === "CLASSIFICATION"
        ? task.classes.map(
            (name) => own.filter(({ target }) => "label" in target && target.label === name).length / own.length,
          )
        : null;
    const mean =
      task.kind === "REGRESSION"
        ? own.reduce((sum, { target }) => sum + ("value" in target ? target.value : 0), 0) / own.length
        : null;
    return {
      ...fold,
      trainRisks: null,
      predictions: fold.predictions.map(({ key, patient }) => ({
        key,
        patient,
        risk: null,
        survival: null,
        probabilities: shares,
        value: mean,
      })),
    };
  });
