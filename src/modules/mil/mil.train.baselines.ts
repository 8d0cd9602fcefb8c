import { setImmediate } from "node:timers/promises";
import { headWithDefaults } from "../../learning/mil/index.ts";
import { readAttributesOf } from "../../store/milTargets.ts";
import type { App } from "../context.ts";
import { createLoaders } from "../loaders.ts";
import { type ClinicalColumn, clinicalCox, usualColumns } from "./mil.baselines.ts";
import { type JudgedFolds, type Metric, pooledMetrics } from "./mil.evaluation.ts";
import { constantFolds, daysOf, judgeFolds, type PredictedFold } from "./mil.judge.ts";
import type { TrainingPlan } from "./mil.plan.ts";

/** What simpler models reach on the folds of a training. */

type Baseline = { name: string; metrics: Metric[] };

/** Between metrics, each of which keeps the thread for a while. */
export const pause = async (): Promise<void> => {
  await setImmediate();
};

/** The same settings without attention. */
export const meanPooling = ({ head }: TrainingPlan) =>
  headWithDefaults({
    architecture: "MEAN_POOL",
    task: head.task,
    dims: head.dims,
    hidden: head.hidden,
    headHidden: head.headHidden,
    dropout: head.dropout,
  });

const readClinical = async (app: App, plan: TrainingPlan): Promise<ClinicalColumn[]> => {
  const { bags, clinicalBaseline, study } = plan;
  const attributes =
    clinicalBaseline ?? (await createLoaders(app).dictionary.load(study.id)).filter(({ level }) => level === "PATIENT");
  const values = await readAttributesOf(
    app.database,
    bags.map(({ patientId }) => patientId),
    attributes.map(({ key }) => key),
  );
  const columns = attributes.map((attribute, index) => ({
    attribute,
    values: bags.map(({ patientId }) => values.get(patientId)?.[index] ?? null),
  }));
  const events = bags.filter(({ target }) => "event" in target && target.event).length;
  // Of the patients that a fold learns from there are fewer.
  return clinicalBaseline ? columns : usualColumns(columns, events * (1 - 1 / Math.max(2, plan.foldCount)));
};

/** What a Cox regression on clinical attributes says on the same folds; null where it cannot be fitted in any of them. */
const clinicalFolds = async (
  app: App,
  plan: TrainingPlan,
  folds: readonly PredictedFold[],
): Promise<{ columns: ClinicalColumn[]; judged: JudgedFolds } | null> => {
  const { bags, task } = plan;
  if (task.kind !== "SURVIVAL") return null;
  const columns = await readClinical(app, plan);
  const times = {
    timesDays: bags.map(({ target }) => ("timeDays" in target ? target.timeDays : Number.NaN)),
    events: bags.map(({ target }) => Number("event" in target && target.event)),
  };
  const indexOf = new Map(bags.map(({ key }, index) => [key, index]));
  const days = daysOf(bags).brier;
  const survivalByKey = new Map<string, number[]>();
  const predictedFolds = folds.flatMap((fold): PredictedFold[] => {
    const learning = new Set([...fold.trainPatients, ...fold.validationPatients]);
    const train = bags.flatMap(({ patientKey }, index) => (learning.has(patientKey) ? [index] : []));
    const test = fold.predictions.map(({ key }) => indexOf.get(key) ?? -1);
    const found = clinicalCox(columns, times, { train, test }, days);
    if (!found) return [];
    fold.predictions.forEach(({ key }, index) => {
      survivalByKey.set(`${fold.index}/${key}`, found.survival[index] ?? []);
    });
    const predictions = fold.predictions.map(({ key, patient }, index) => ({
      key,
      patient,
      risk: found.risks[index] ?? null,
      survival: null,
      probabilities: null,
      value: null,
    }));
    return [{ ...fold, predictions, trainRisks: null }];
  });
  if (predictedFolds.length === 0) return null;
  const judged = judgeFolds(task, bags, predictedFolds);
  const keys = predictedFolds.flatMap(({ index, predictions }) => predictions.map(({ key }) => `${index}/${key}`));
  return {
    columns,
    judged: {
      ...judged,
      judged: judged.judged.map((each, index) => ({ ...each, survival: survivalByKey.get(keys[index] ?? "") ?? null })),
    },
  };
};

/** Of the task: mean pooling where it was trained, a clinical Cox regression, the majority class or the mean. */
export const baselinesOf = async (
  app: App,
  plan: TrainingPlan,
  folds: readonly PredictedFold[],
  pooled: readonly PredictedFold[] | null,
): Promise<Baseline[]> => {
  const { task, bags, options } = plan;
  const measured = (judged: JudgedFolds) => pooledMetrics(judged, options.seed, pause);
  const baselines: Baseline[] = [];
  if (pooled) baselines.push({ name: "mean pooling", metrics: await measured(judgeFolds(task, bags, pooled)) });
  if (task.kind === "SURVIVAL") {
    const clinical = await clinicalFolds(app, plan, folds);
    if (clinical) {
      const names = clinical.columns.map(({ attribute }) => attribute.key).join(", ");
      baselines.push({ name: `clinical Cox (${names})`, metrics: await measured(clinical.judged) });
    }
  } else {
    const name = task.kind === "CLASSIFICATION" ? "majority class" : "mean value";
    baselines.push({ name, metrics: await measured(judgeFolds(task, bags, constantFolds(task, bags, folds))) });
  }
  return baselines;
};
