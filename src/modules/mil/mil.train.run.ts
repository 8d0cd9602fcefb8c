import {
  decodeFold,
  type EngineOptions,
  type EpochEvent,
  encodeFold,
  type FoldResult,
  type HeadDefinition,
  type LabelledBag,
  trainMil,
} from "../../learning/mil/index.ts";
import { type ClaimedJob, recordProgress } from "../../queue/jobs.ts";
import { readCheckpoints, writeCheckpoint } from "../../store/milModels.ts";
import type { App } from "../context.ts";
import { foldMetrics, type Metric } from "./mil.evaluation.ts";
import { judgeFolds } from "./mil.judge.ts";
import type { TrainingPlan } from "./mil.plan.ts";

/** One run of the engine under a job: the head itself, or a baseline on the same folds. */

export type TrainWork = {
  app: App;
  job: ClaimedJob;
  plan: TrainingPlan;
  engine: EngineOptions;
  bags: readonly LabelledBag[];
  signal: AbortSignal;
  /** Epochs, over all runs, as if none stopped early. */
  progress: { total: number };
};

export type TrainRun = {
  /** Names its checkpoints. */
  name: "head" | "mean pooling";
  head: HeadDefinition;
  /** Epochs before it. */
  from: number;
  hasFinal: boolean;
};

/** Less would write more than it saves: an epoch of a small head takes a few milliseconds. */
const CHECKPOINT_MS = 1000;

/** Metrics of the validation patients, by fold and epoch. */
export type Curves = Map<number, Metric[][]>;

/** What the validation patients' predictions say; measures under censoring need more of them than there are. */
const epochMetrics = ({ task, bags }: TrainingPlan, { validation }: EpochEvent): Metric[] => {
  const fold = { index: 0, repeat: 0, trainPatients: [], validationPatients: [], predictions: validation };
  return validation.length === 0 ? [] : foldMetrics(judgeFolds(task, bags, [{ ...fold, trainRisks: null }]), 0);
};

const encodeCurve = (fold: number, epochs: readonly Metric[][]): Uint8Array =>
  Buffer.from(JSON.stringify({ fold, epochs }));

const readCurves = async (app: App, jobId: string, run: string): Promise<Curves> => {
  const { finished } = await readCheckpoints(app.database, jobId, run);
  return new Map(
    finished.map((bytes) => {
      const { fold, epochs } = JSON.parse(bytes.toString()) as { fold: number; epochs: Metric[][] };
      return [fold, epochs];
    }),
  );
};

/** Thrown into a run whose folds are done and whose final model nobody needs. */
class FoldsDone extends Error {}

const shown = (value: number | null): string => (value === null ? "none" : value.toPrecision(4));

const messageOf = (name: string, { fold, folds, record }: EpochEvent): string =>
  `${name === "head" ? "" : "Baseline: "}${fold === null ? "All patients" : `Fold ${fold + 1} of ${folds}`}, epoch ${record.epoch + 1}: loss ${shown(record.trainLoss)}, validation ${shown(record.validationLoss)}`;

/** So many folds, and one more for the final model. */
const partsOf = (folds: number, hasFinal: boolean): number => folds + (hasFinal ? 1 : 0);

export const epochsOf = (folds: number, epochs: number, hasFinal: boolean): number => partsOf(folds, hasFinal) * epochs;

/**
 * Runs, or goes on with, one training. Each epoch is reported together with its checkpoint in one transaction (at most one a
 * second), each finished fold with all that it gave: a job that is killed goes on behind them.
 * @throws LeaseLostError when the job was cancelled or is another worker's; what the engine throws
 */
export const runTraining = async (
  work: TrainWork,
  run: TrainRun,
): Promise<{ folds: FoldResult[]; final: FoldResult | null; curves: Curves }> => {
  const { app, job, plan, engine, bags, signal, progress } = work;
  const { epochs } = plan.options;
  const place = { jobId: job.id, run: run.name };
  const saved = await readCheckpoints(app.database, job.id, run.name);
  const finished = saved.finished.map(decodeFold);
  const folds = [...finished];
  const curvePlace = { jobId: job.id, run: `${run.name}: curve`, isFinished: true };
  const curves = await readCurves(app, job.id, curvePlace.run);
  let checkpointAt = performance.now();

  const onEpoch = async (event: EpochEvent): Promise<void> => {
    const index = event.fold ?? event.folds;
    const isDue = performance.now() - checkpointAt >= CHECKPOINT_MS;
    const bytes = isDue ? await event.checkpoint() : null;
    const curve = curves.get(index) ?? [];
    curve[event.record.epoch] = epochMetrics(plan, event);
    curves.set(index, curve);
    const done = run.from + index * epochs + event.record.epoch + 1;
    await app.database.transaction(async (client) => {
      await recordProgress(client, job, { done, total: progress.total, message: messageOf(run.name, event) });
      if (!bytes) return;
      await writeCheckpoint(client, { ...place, fold: index, isFinished: false }, bytes);
      await writeCheckpoint(client, { ...curvePlace, fold: index }, encodeCurve(index, curve));
    });
    if (isDue) checkpointAt = performance.now();
  };

  const onFold = async (fold: FoldResult): Promise<void> => {
    await app.database.transaction(async (client) => {
      await recordProgress(client, job, { done: run.from + (fold.index + 1) * epochs, total: progress.total });
      await writeCheckpoint(client, { ...place, fold: fold.index, isFinished: true }, encodeFold(fold));
      await writeCheckpoint(
        client,
        { ...curvePlace, fold: fold.index },
        encodeCurve(fold.index, curves.get(fold.index) ?? []),
      );
    });
    folds.push(fold);
    checkpointAt = performance.now();
    if (!run.hasFinal && folds.length === foldCount) throw new FoldsDone();
  };

  const foldCount = work.plan.foldCount;
  if (!run.hasFinal && finished.length === foldCount) return { folds: finished, final: null, curves };
  try {
    const trained = await trainMil({
      head: run.head,
      bags,
      splits: plan.splits,
      options: plan.options,
      engine,
      onEpoch,
      onFold,
      resume: { folds: finished, checkpoint: saved.underWay },
      signal,
    });
    return { ...trained, curves };
  } catch (error) {
    if (error instanceof FoldsDone) return { folds, final: null, curves };
    throw error;
  }
};
