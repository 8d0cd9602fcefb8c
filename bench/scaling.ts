import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../src/platform/config.ts";
import { createApp } from "../src/server/app.ts";
import type { Database } from "../src/store/database.ts";
import { ownDatabase } from "../test/support/world.ts";
import { atMost, type Bench, type BenchOptions, fact, type Report } from "./figure.ts";
import { onPostgres } from "./postgres.ts";
import { measureQueue, type QueueCost } from "./scalingQueue.ts";
import { type Outcome, type Plan, simulate } from "./scalingSimulation.ts";
import { measurePatchBytes, measureVectors, type VectorCosts } from "./scalingStorage.ts";

/**
 * What ten thousand slides would take: costs of one slide and one vector measured on this machine and on the PostgreSQL that
 * DATABASE_URL names or one of its own, and a night of many workers simulated with them.
 */

const DIMS = [384, 512, 1024, 1536];
/** Of the encoder that is planned with. */
const PLANNED_DIMS = 1024;
const QUEUED_JOBS = 2000;
const DEFAULT_ROWS = "10000";

/** What nothing here can measure; docs/scaling.md says so too. */
const ASSUMED = {
  patchesPerSlide: 10_000,
  sizeSpread: 0.7,
  /** ViT-L in half precision on one current data-centre GPU. */
  patchesPerSecond: 500,
  batchPatches: 256,
  /** A JPEG-compressed patch of 224 pixels at 20x out of a 40x scan, four times its area. */
  bytesPerPatch: 100_000,
  fetchBytesPerSecond: 125e6,
  databaseCores: 8,
  failureShare: 0.01,
  killSeconds: 24 * 3600,
  restartSeconds: 60,
};

/** Of this program: two slides of a process at a time, and the queue's own times. */
const OURS = { slotsPerWorker: 2, pollSeconds: 0.4, leaseSeconds: 60, sweepSeconds: 30 };

/** Opening, tissue and grid of a slide of ten thousand patches take about so long on one core. */
const PREPARE_SECONDS = 5;

/** One that tiles and one that embeds; each reads the whole file first to compare its checksum, as two processes do. */
const JOBS_PER_SLIDE = 2;

type Costs = { vectors: VectorCosts; queue: QueueCost };

const planOf = ({ vectors, queue }: Costs, workers: number, slides: number): Plan => {
  const writeSeconds = ASSUMED.batchPatches / vectors.writtenPerSecond;
  return {
    ...ASSUMED,
    ...OURS,
    workers,
    slides,
    prepareSeconds: PREPARE_SECONDS,
    bytesPerPatch: JOBS_PER_SLIDE * ASSUMED.bytesPerPatch,
    jobDatabaseSeconds: JOBS_PER_SLIDE * queue.databaseSecondsPerJob,
    jobTurnSeconds: JOBS_PER_SLIDE / queue.jobsPerSecond,
    batchDatabaseSeconds: writeSeconds + queue.progressSeconds,
    batchQueueSeconds: queue.progressSeconds,
    seed: 7,
  };
};

const reportVectors = (report: Report, costs: VectorCosts): void => {
  const note = `${costs.rows} vectors of ${costs.dims} dimensions`;
  report({
    ...fact(`table_bytes_per_row_${costs.dims}`, costs.tableBytesPerRow, "bytes", note),
    details: { ...costs },
  });
  report(fact(`index_bytes_per_row_${costs.dims}`, costs.indexBytesPerRow, "bytes", "three ordinary indexes"));
  report(fact(`graph_bytes_per_row_${costs.dims}`, costs.graphBytesPerRow, "bytes", "HNSW"));
  report(fact(`written_per_second_${costs.dims}`, costs.writtenPerSecond, "vectors/s", "one writer"));
  report(
    fact(`graph_rows_per_second_${costs.dims}`, costs.graphRowsPerSecond, "vectors/s", "HNSW build, no structure"),
  );
  report(fact(`exact_ms_per_100k_${costs.dims}`, costs.exactMsPer100k, "ms"));
  report(fact(`read_per_second_${costs.dims}`, costs.readPerSecond, "vectors/s", "bags for training"));
};

const reportQueue = (report: Report, costs: QueueCost, workers: number): void => {
  const note = `${workers} workers, ${QUEUED_JOBS} slides with nothing to do`;
  report({ ...fact("queue_jobs_per_second", costs.jobsPerSecond, "slides/s", note), details: { ...costs } });
  report(atMost("queue_wrong", costs.wrong, "slides", 0, "run twice or not at all"));
  report(fact("queue_pickup_p95_ms", costs.pickupP95Ms, "ms", "a slide alone, from its commit on"));
  report(fact("queue_database_ms_per_slide", 1000 * costs.databaseSecondsPerJob, "ms", "one worker alone"));
  report(
    fact("queue_idle_database_share", costs.idleDatabaseSeconds, "cores", `${workers} workers with nothing to do`),
  );
  report(fact("queue_progress_ms", 1000 * costs.progressSeconds, "ms", "one note of progress"));
};

const hours = (seconds: number): string => (seconds / 3600).toFixed(1);
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;

const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const simulationTable = (outcomes: readonly { name: string; outcome: Outcome }[]): string =>
  markdown(
    [
      "workers",
      "hours",
      "ideal",
      "over ideal",
      "devices busy",
      "database busy",
      "queue's share of it",
      "wait p95 ms",
      "kills",
      "patches repeated",
    ],
    outcomes.map(({ name, outcome }) => [
      name,
      hours(outcome.makespanSeconds),
      hours(outcome.idealSeconds),
      (outcome.makespanSeconds / outcome.idealSeconds).toFixed(3),
      percent(outcome.utilisation),
      percent(outcome.databaseUtilisation),
      percent(outcome.queueShare),
      (1000 * outcome.databaseWaitP95Seconds).toFixed(1),
      String(outcome.kills),
      outcome.repeatedPatches.toLocaleString("en"),
    ]),
  );

const PLANNED_PATCHES = 1e8;

const storageTable = (costs: readonly VectorCosts[], patchBytes: number): string => {
  const gigabytes = (bytesPerRow: number) => `${((bytesPerRow * PLANNED_PATCHES) / 1e9).toFixed(0)} GB`;
  return markdown(
    ["dims", "table", "ordinary indexes", "HNSW", "1e8 patches: table and indexes", "HNSW more"],
    costs.map((cost) => [
      String(cost.dims),
      `${cost.tableBytesPerRow.toFixed(0)} B`,
      `${cost.indexBytesPerRow.toFixed(0)} B`,
      `${cost.graphBytesPerRow.toFixed(0)} B`,
      gigabytes(cost.tableBytesPerRow + cost.indexBytesPerRow + patchBytes),
      gigabytes(cost.graphBytesPerRow),
    ]),
  );
};

const rate = (perSecond: number): string => `${Number(perSecond.toPrecision(2)).toLocaleString("en")}/s`;

const workTable = (costs: readonly VectorCosts[]): string =>
  markdown(
    ["dims", "written, one writer", "read as bags", "exact search of 100,000", "HNSW built"],
    costs.map((cost) => [
      String(cost.dims),
      rate(cost.writtenPerSecond),
      rate(cost.readPerSecond),
      `${cost.exactMsPer100k.toFixed(0)} ms`,
      rate(cost.graphRowsPerSecond),
    ]),
  );

const queueTable = (cost: QueueCost): string =>
  markdown(
    ["the queue", "measured"],
    [
      ["pace", `${cost.jobsPerSecond.toFixed(0)} slides/s`],
      ["slides that were run twice or not at all", String(cost.wrong)],
      ["a slide alone, from its commit to its beginning, median", `${cost.pickupP50Ms.toFixed(0)} ms`],
      ["the same, 95th percentile", `${cost.pickupP95Ms.toFixed(0)} ms`],
      ["of the database's time, to take and end a slide", `${(1000 * cost.databaseSecondsPerJob).toFixed(1)} ms`],
      ["one note of progress, which each batch has", `${(1000 * cost.progressSeconds).toFixed(1)} ms`],
      ["of the database's cores, while nobody finds anything to do", cost.idleDatabaseSeconds.toFixed(3)],
    ],
  );

const measureAll = async (database: Database, url: string, rows: number, workers: number, report: Report) => {
  const costs: VectorCosts[] = [];
  const patchBytes = await measurePatchBytes(database);
  report(fact("patch_bytes_per_row", patchBytes, "bytes", "once for all feature sets of a grid"));
  for (const dims of DIMS) {
    const measured = await measureVectors(database, dims, rows);
    costs.push(measured);
    reportVectors(report, measured);
  }
  const queue = await measureQueue(url, { workers, jobs: QUEUED_JOBS });
  reportQueue(report, queue, workers);
  return { costs, patchBytes, queue };
};

export const scaling: Bench = async (report, options = {}) => {
  await onPostgres("makespan_vs_ideal", report, (url) => measure(url, report, options));
};

const measure = async (url: string, report: Report, options: BenchOptions): Promise<void> => {
  const workers = Number(options.workers ?? 64);
  const slides = Number(options.slides ?? 10_000);
  const rows = Number(options.vectors ?? DEFAULT_ROWS);
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const own = await ownDatabase(url);
  const config = readConfig({ HISTOQL_DATA: join(folder, "data"), HISTOQL_LOG: "error", DATABASE_URL: own.url });
  const app = await createApp(config, { work: false });
  try {
    const { costs, patchBytes, queue } = await measureAll(app.database, own.url, rows, workers, report);
    const vectors = costs.find(({ dims }) => dims === PLANNED_DIMS) as VectorCosts;
    const night = (count: number, change: Partial<Plan> = {}) =>
      simulate({ ...planOf({ vectors, queue }, count, slides), ...change });
    const outcome = night(workers);
    const note = `${slides} slides, ${workers} workers, simulated`;
    report(fact("makespan_vs_ideal", outcome.makespanSeconds / outcome.idealSeconds, "ratio", note));
    report(fact("devices_busy", outcome.utilisation, "share", note));
    report(fact("makespan_hours", outcome.makespanSeconds / 3600, "h", note));
    report(fact("database_busy", outcome.databaseUtilisation, "share", `of ${ASSUMED.databaseCores} cores, simulated`));
    report(fact("queue_share_of_database", outcome.queueShare, "share", "of its time, simulated"));
    if (!options.table) return;
    const outcomes = [
      ...[1, 8, workers, 4 * workers].map((count) => ({ name: String(count), outcome: night(count) })),
      { name: `${workers}, no kills or failures`, outcome: night(workers, { killSeconds: Infinity, failureShare: 0 }) },
      { name: `${workers}, each killed hourly`, outcome: night(workers, { killSeconds: 3600 }) },
      ...[3, 4].map((slots) => ({
        name: `${workers}, ${slots} slides at a time`,
        outcome: night(workers, { slotsPerWorker: slots }),
      })),
      { name: `${workers}, one core of database`, outcome: night(workers, { databaseCores: 1 }) },
      { name: `${workers}, 10 MB/s to the slides`, outcome: night(workers, { fetchBytesPerSecond: 10e6 }) },
    ];
    const tables = [storageTable(costs, patchBytes), workTable(costs), queueTable(queue), simulationTable(outcomes)];
    process.stdout.write(`${tables.join("\n\n")}\n\n`);
  } finally {
    await app.close();
    await own.drop();
    await rm(folder, { recursive: true, force: true });
  }
};
