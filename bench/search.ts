import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../src/platform/config.ts";
import { seededUniform } from "../src/platform/random.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { vectorTable } from "../src/store/vectors.ts";
import { ownDatabase } from "../test/support/world.ts";
import { atLeast, atMost, type Bench, type BenchOptions, fact, type Report } from "./figure.ts";
import { measureHalfvec } from "./halfvec.ts";
import { ingestFigures } from "./ingest.ts";
import { onPostgres } from "./postgres.ts";
import { type CellResult, cellsOf, cellTable, measureCell, openPlainClients } from "./searchCells.ts";
import { type GeneratedSet, generateSet } from "./searchData.ts";
import { buildIndexes } from "./searchIndexes.ts";
import { measureServing } from "./searchServing.ts";

/**
 * Similarity search on the PostgreSQL that DATABASE_URL names (in a database of its own there), or one that is started for it. `--vectors` says how many, as
 * a list; `--table` prints the cells as a Markdown table too.
 */

const DEFAULT_SIZES = [100_000, 300_000];
const QUERIES = 200;
const COHORT = "hot";
const COHORT_SHARE = 0.2;

const sizesOf = ({ vectors }: BenchOptions): number[] => {
  const sizes = vectors?.split(",").map(Number) ?? DEFAULT_SIZES;
  if (sizes.every((size) => Number.isInteger(size) && size >= 5000)) return sizes;
  throw new Error("--vectors takes whole numbers from 5000, with commas between them.");
};

/** A frozen cohort of about a fifth of the patches. */
const saveCohort = async ({ database }: RunningApp, set: GeneratedSet): Promise<{ id: number; patients: number[] }> => {
  const patients = set.patients.flatMap((_, index) => (index % Math.round(1 / COHORT_SHARE) === 0 ? [index] : []));
  const { rows } = await database.query<{ id: number }>(
    "INSERT INTO cohort (study_id, key, name, filter, is_frozen) VALUES ($1, $2, 'Hot', '{}', true) RETURNING id",
    [set.studyId, COHORT],
  );
  const id = rows[0]?.id ?? 0;
  await database.query("INSERT INTO cohort_patient (cohort_id, patient_id) SELECT $1, unnest($2::int[])", [
    id,
    patients.map((index) => set.patients[index]?.id),
  ]);
  return { id, patients };
};

/** As autovacuum would have done by the time that anybody asks. */
const settle = ({ database }: RunningApp, set: GeneratedSet) =>
  database.query(`VACUUM (ANALYZE) ${vectorTable(set.featureSetId)}`).then(() => database.query("ANALYZE"));

const reportCell = (report: Report, result: CellResult): void => {
  const { vectors, cell, recall, strategies, isIndexed, ...rest } = result;
  const more = { vectors, cell, isIndexed, strategies, ...rest };
  const note = `${vectors} vectors, ${cell}: ${strategies}, ${result.p50Ms.toFixed(1)} ms, ${result.ratio.toFixed(2)} × exact; plain SQL ${result.plainRecall.toFixed(2)}`;
  report({ ...fact("cell_recall_at_10", recall, "recall", note), details: more });
};

const measureSize = async (
  app: RunningApp,
  databaseUrl: string,
  vectors: number,
  report: Report,
): Promise<{ set: GeneratedSet; rows: number[]; results: CellResult[] }> => {
  const set = await generateSet(app, vectors, `generated-${vectors}`);
  report(fact("append_rate", vectors / set.writeSeconds, "vectors/s", `${vectors} vectors, slide by slide`));
  await settle(app, set);
  const cohort = await saveCohort(app, set);
  const built = await buildIndexes(app, databaseUrl, set, COHORT);
  report(fact("index_build_s", built.seconds, "s", `${vectors} vectors: ${built.kinds}`));
  await settle(app, set);
  const random = seededUniform(vectors);
  const rows = Array.from({ length: QUERIES }, () => Math.floor(random() * vectors));
  const clients = await openPlainClients(databaseUrl);
  const results: CellResult[] = [];
  try {
    for (const cell of cellsOf(set, cohort)) {
      await measureCell(app.database, clients, set, cell, rows.slice(0, WARM_UP));
      const result = await measureCell(app.database, clients, set, cell, rows);
      results.push(result);
      reportCell(report, result);
    }
  } finally {
    await clients.close();
  }
  return { set, rows, results };
};

const WARM_UP = 10;

const reportCells = (report: Report, results: readonly CellResult[]): void => {
  const least = (value: (result: CellResult) => number) => Math.min(...results.map(value));
  const most = (value: (result: CellResult) => number, among = results) => Math.max(...among.map(value));
  const note = `of ${results.length} cells`;
  report(
    atLeast(
      "min_recall_at_10",
      least(({ recall }) => recall),
      "recall",
      0.99,
      note,
    ),
  );
  report(
    atLeast(
      "min_row_ratio",
      least(({ rowRatio }) => rowRatio),
      "ratio",
      1,
      note,
    ),
  );
  report(
    atMost(
      "max_median_vs_exact_subset",
      most(({ ratioAllowing1Ms }) => ratioAllowing1Ms),
      "ratio",
      1.25,
      `${note}, 1 ms allowed`,
    ),
  );
  const indexed = results.filter(({ isIndexed }) => isIndexed);
  report(
    atMost(
      "max_median_vs_exact_indexed",
      most(({ ratio }) => ratio, indexed),
      "ratio",
      0.5,
      `of ${indexed.length} cells`,
    ),
  );
  report(
    fact(
      "plain_sql_min_recall_at_10",
      least(({ plainRecall }) => plainRecall),
      "recall",
      "HNSW, WHERE, LIMIT",
    ),
  );
  report(
    fact(
      "plain_sql_min_rows",
      least(({ plainRows }) => plainRows),
      "rows of 10",
      "mean of the worst cell",
    ),
  );
  report(
    fact(
      "iterative_min_recall_at_10",
      least(({ iterativeRecall }) => iterativeRecall),
      "recall",
      "iterative scan, relaxed order",
    ),
  );
  report(
    fact(
      "iterative_min_rows",
      least(({ iterativeRows }) => iterativeRows),
      "rows of 10",
      "mean of the worst cell",
    ),
  );
};

const reportServing = async (
  app: RunningApp,
  databaseUrl: string,
  { set, rows }: { set: GeneratedSet; rows: number[] },
  report: Report,
): Promise<void> => {
  const served = await measureServing(app, databaseUrl, set, rows);
  const note = `${set.patchIds.length} vectors; whole requests over HTTP`;
  report(atMost("graphql_added_ms_p50", served.addedP50Ms, "ms", 3, note));
  report(atMost("graphql_added_ms_p95", served.addedP95Ms, "ms", 8, note));
  report(fact("graphql_ms_p50", served.graphqlP50Ms, "ms", note));
  report(
    fact("sql_ms_p50", served.hitsP50Ms, "ms", "the statement that finds the hits, to which graphql_added_ms adds"),
  );
  report(fact("search_sql_ms_p50", served.searchP50Ms, "ms", "with the statement that plans"));
  report(atMost("graphql_cpu_ms", served.cpuMs, "ms", 2, "of the server's process, a request"));
  report(atLeast("clients8_vs_client1", served.clients8 / served.clients1, "ratio", 1.3, "queries a second"));
  report(fact("client1_queries_per_second", served.clients1, "queries/s"));
  report(fact("clients8_queries_per_second", served.clients8, "queries/s"));
  const pace = `while ${served.ingestPerSecond.toFixed(0)} vectors a second are embedded into the same set`;
  report(atMost("p95_ingest_vs_idle", served.ingestP95Ms / served.idleP95Ms, "ratio", 2, pace));
  report(fact("idle_p95_ms", served.idleP95Ms, "ms"));
};

export const search: Bench = async (report, options = {}) => {
  const sizes = sizesOf(options);
  await onPostgres("min_recall_at_10", report, (url) => measure(url, sizes, report, options));
};

const measure = async (url: string, sizes: readonly number[], report: Report, options: BenchOptions): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const own = await ownDatabase(url);
  const config = readConfig(
    { HISTOQL_DATA: join(folder, "data"), HISTOQL_LOG: "error", HISTOQL_PORT: "0", DATABASE_URL: own.url },
    { roots: [] },
  );
  const app = await createApp(config, { work: false });
  try {
    const results: CellResult[] = [];
    for (const [index, size] of sizes.entries()) {
      const measured = await measureSize(app, own.url, size, report);
      results.push(...measured.results);
      if (index === 0) await reportServing(app, own.url, measured, report);
    }
    reportCells(report, results);
    await measureHalfvec(own.url, report);
    for (const figure of await ingestFigures(app.database)) report(figure);
    if (options.table) process.stdout.write(`${cellTable(results)}\n\n`);
  } finally {
    await app.close();
    await own.drop();
    await rm(folder, { recursive: true, force: true });
  }
};
