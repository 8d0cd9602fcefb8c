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
): Promise<{ folds: FoldResult[]; final: FoldResult | null }> => {
  const { app, job, plan, engine, bags, signal, progress } = work;
  const { epochs } = plan.options;
  const place = { jobId: job.id, run: run.name };
  const saved = await readCheckpoints(app.database, job.id, run.name);
  const finished = saved.finished.map(decodeFold);
  const folds = [...finished];
  let checkpointAt = performance.now();

  const onEpoch = async (event: EpochEvent): Promise<void> => {
    const index = event.fold ?? event.folds;
    const isDue = performance.now() - checkpointAt >= CHECKPOINT_MS;
    const bytes = isDue ? await event.checkpoint() : null;
    const done = run.from + index * epochs + event.record.epoch + 1;
    await app.database.transaction(async (client) => {
      await recordProgress(client, job, { done, total: progress.total, message: messageOf(run.name, event) });
      if (bytes) await writeCheckpoint(client, { ...place, fold: index, isFinished: false }, bytes);
    });
    if (isDue) checkpointAt = performance.now();
  };

  const onFold = async (fold: FoldResult): Promise<void> => {
    await app.database.transaction(async (client) => {
      await recordProgress(client, job, { done: run.from + (fold.index + 1) * epochs, total: progress.total });
      await writeCheckpoint(client, { ...place, fold: fold.index, isFinished: true }, encodeFold(fold));
    });
    folds.push(fold);
    checkpointAt = performance.now();
    if (!run.hasFinal && folds.length === foldCount) throw new FoldsDone();
  };

  const foldCount = work.plan.foldCount;
  if (!run.hasFinal && finished.length === foldCount) return { folds: finished, final: null };
  try {
    return await trainMil({
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
  } catch (error) {
    if (error instanceof FoldsDone) return { folds, final: null };
    throw error;
  }
};
