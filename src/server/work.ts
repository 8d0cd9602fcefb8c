import type { App } from "../modules/context.ts";
import { requireDevices } from "../modules/encoder/devices.ts";
import { runExportJob } from "../modules/export/export.jobs.ts";
import { runImportJob } from "../modules/featureImport/import.jobs.ts";
import { runEmbedJob } from "../modules/featureSet/featureSet.jobs.ts";
import { orReduce } from "../modules/featureSet/reduce.jobs.ts";
import { runScoreJob } from "../modules/mil/mil.score.jobs.ts";
import { runTrainJob } from "../modules/mil/mil.train.jobs.ts";
import { runTileJob } from "../modules/patch/patch.jobs.ts";
import { thenAssign } from "../modules/phenotype/codebook.follow.ts";
import { runCodebookJob } from "../modules/phenotype/codebook.jobs.ts";
import { runIndexJob, startIndexing, thenIndex } from "../modules/similarity/searchIndex.jobs.ts";
import type { Config } from "../platform/config.ts";
import type { HistoError } from "../platform/errors.ts";
import type { JobKind } from "../queue/jobs.ts";
import type { JobHandlers } from "../queue/queue.ts";
import { registerWorker } from "../queue/workers.ts";

/** What each kind of job does; whoever adds a kind adds it here. */
const handlersOf = (app: App): JobHandlers => ({
  TILE: runTileJob(app),
  EMBED: thenIndex(app, thenAssign(app, orReduce(app, runEmbedJob(app)))),
  EXPORT: runExportJob(app),
  IMPORT: runImportJob(app),
  INDEX: runIndexJob(app),
  CODEBOOK: runCodebookJob(app),
  TRAIN: runTrainJob(app),
  SCORE: runScoreJob(app),
});

/** Slides that one process embeds at a time: while one is opened, masked or finished, the other feeds the encoder. */
const SLIDES_AT_ONCE = 2;

export type WorkOptions = {
  /** Every kind by default. */
  kinds?: readonly JobKind[];
  /** Jobs of each kind at a time; 2 by default. */
  concurrency?: number;
  /** Shown to others; "worker-" and a part of its id by default. */
  name?: string;
  /**
   * Called when the database has become another version's, or when a device that was named runs nothing any more. Without it this
   * process takes no more jobs of another version's database and goes on; and what needs the device fails.
   */
  onRefused?: (error: HistoError) => void;
};

/** Kinds whose jobs run graphs. */
const ON_DEVICES: readonly JobKind[] = ["EMBED", "CODEBOOK", "TRAIN", "SCORE"];

/**
 * A worker without its devices would fail every slide that it takes, faster than others embed them.
 * @throws HistoError BAD_ARGUMENT
 */
export const requireWorkDevices = async (config: Config, { kinds = ON_DEVICES }: WorkOptions): Promise<void> => {
  if (kinds.some((kind) => ON_DEVICES.includes(kind))) await requireDevices(config);
};

export type Work = { name: string; kinds: readonly JobKind[]; stop(): Promise<void> };

/** Begins to work through jobs, visibly for others. Stopping hands back what runs at its next batch. */
export const startWorking = async (app: App, options: WorkOptions = {}): Promise<Work> => {
  const { config, database, log, queue, version } = app;
  const { concurrency = SLIDES_AT_ONCE, name = `worker-${queue.workerId.slice(0, 8)}` } = options;
  const all = handlersOf(app);
  const kinds = (options.kinds ?? (Object.keys(all) as JobKind[])).filter((kind) => all[kind]);
  const card = {
    id: queue.workerId,
    name,
    version,
    kinds,
    devices: config.devices,
    concurrency,
    leaseSeconds: config.leaseSeconds,
  };
  let stopIndexing: (() => Promise<void>) | undefined;
  let stopped: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    await registration.drain();
    await stopIndexing?.();
    await queue.stop();
    await registration.stop();
  };
  const stop = (): Promise<void> => {
    stopped ??= drain();
    return stopped;
  };
  const refused = (error: HistoError): void => {
    log.error({ code: error.code, reason: error.message }, "version");
    if (options.onRefused) options.onRefused(error);
    else stop().catch((failure: unknown) => log.error({ error: failure }, "version"));
  };
  const registration = await registerWorker(database, card, log, refused);
  await queue.work(Object.fromEntries(kinds.map((kind) => [kind, all[kind]])), { concurrency });
  stopIndexing = kinds.includes("INDEX") ? startIndexing(app) : undefined;
  return { name, kinds, stop };
};
