import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { localContext } from "../src/commands/ingest.ts";
import { importClinical } from "../src/modules/patient/importClinical.service.ts";
import { indexingDone } from "../src/modules/patient/indexing.ts";
import { createStudy } from "../src/modules/study/study.service.ts";
import { readConfig } from "../src/platform/config.ts";
import { encodeId } from "../src/platform/ids.ts";
import { seededUniform } from "../src/platform/random.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { startServer } from "../src/server/start.ts";
import { ownDatabase } from "../test/support/world.ts";
import { atLeast, atMost, type Bench, fact, median, percentile, type Report } from "./figure.ts";

/**
 * A generated study of 100,000 patients with 30 attributes, and the TCGA glioma table. Times are those of whole requests
 * over HTTP. DATABASE_URL names a server to measure on (in a database of its own); without it the embedded one is measured,
 * for which times may be five times as long.
 */

const PATIENTS = 100_000;
const NUMBERS = 20;
const CATEGORIES = 8;
const PAGES = 200;
const REPEATS = 9;
const EMBEDDED_FACTOR = 5;
const TCGA = join(import.meta.dirname, "../../shared/data/clinical/tcga_gbmlgg_clinical.csv");

/** 20 numbers, 8 categories, 2 booleans; one cell in twenty is empty. */
const patientTable = (patients: number): string => {
  const random = seededUniform(1);
  const orEmpty = (cell: string) => (random() < 0.05 ? "" : cell);
  const header = [
    "patient",
    ...Array.from({ length: NUMBERS }, (_, index) => `n${index}`),
    ...Array.from({ length: CATEGORIES }, (_, index) => `c${index}`),
    "is_a",
    "is_b",
    "os_days",
    "os_event",
  ];
  const lines = Array.from({ length: patients }, (_, row) =>
    [
      `P${String(row).padStart(6, "0")}`,
      ...Array.from({ length: NUMBERS }, () => orEmpty((random() * 1000).toFixed(3))),
      ...Array.from({ length: CATEGORIES }, (_, index) => orEmpty(`value ${Math.floor(random() * (index + 2))}`)),
      orEmpty(random() < 0.5 ? "1" : "0"),
      orEmpty(random() < 0.5 ? "1" : "0"),
      (random() * 3000).toFixed(0),
      random() < 0.6 ? "1" : "0",
    ].join(","),
  );
  return `${[header.join(","), ...lines].join("\n")}\n`;
};

const PAGE = `query($filter: PatientFilter!, $orderBy: [Order!]) { patients(filter: $filter, orderBy: $orderBy, first: 20) {
  totalCount nodes { key clinical } } }`;

const FACETS =
  'query($filter: PatientFilter!) { facets(filter: $filter, attributes: ["c0", "c3", "c7", "n0", "n1"]) { attribute { key } missing categories { value count } histogram { from to count } median } }';

const SURVIVAL = `query($input: SurvivalInput!) { survival(input: $input) {
  groups { name patients events medianDays { estimate lower upper } }
  logRank { statistic pValue }
  cox { concordance terms { name hazardRatio lower upper pValue } likelihoodRatio { pValue } } } }`;

const SAVE = "mutation($input: SaveCohortInput!) { saveCohort(input: $input) { cohort { id } errors { code } } }";

type Ask = (query: string, variables: Record<string, unknown>) => Promise<number>;

/** Milliseconds that a request took; errors end the measurement. */
const asker =
  (url: string): Ask =>
  async (query, variables) => {
    const began = performance.now();
    const answer = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { errors } = (await answer.json()) as { errors?: unknown };
    if (errors) throw new Error(`The query failed: ${JSON.stringify(errors)}`);
    return performance.now() - began;
  };

const measureImport = async (
  app: RunningApp,
  folder: string,
): Promise<{ rowsPerSecond: number; longestTurn: number }> => {
  const path = join(folder, "patients.csv");
  await writeFile(path, patientTable(PATIENTS));
  const context = localContext(app);
  await createStudy(context, { key: "large", name: "Generated" });
  let longestTurn = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longestTurn = Math.max(longestTurn, now - last);
    last = now;
  }, 1);
  const began = performance.now();
  const { created, conflicts } = await importClinical(context, {
    studyKey: "large",
    path,
    level: "PATIENT",
    patientColumn: "patient",
    endpoints: [{ key: "os", timeColumn: "os_days", timeUnit: "DAYS", eventColumn: "os_event", eventValues: ["1"] }],
    dryRun: false,
  });
  const seconds = (performance.now() - began) / 1000;
  clearInterval(timer);
  if (created !== PATIENTS || conflicts.length > 0) throw new Error(`Only ${created} patients were imported.`);
  return { rowsPerSecond: PATIENTS / seconds, longestTurn };
};

/** A page of 20 out of some tens of thousands, sorted by a number; another filter and order each time. */
const measurePages = async (ask: Ask): Promise<number[]> => {
  const random = seededUniform(2);
  const times: number[] = [];
  for (let page = 0; page < PAGES + 5; page++) {
    const pick = (count: number) => Math.floor(random() * count);
    const ms = await ask(PAGE, {
      filter: {
        studyKey: "large",
        clinical: [
          { attribute: `c${pick(CATEGORIES)}`, test: { category: ["value 0"] } },
          { attribute: `n${pick(NUMBERS)}`, test: { number: { gte: random() * 500 } } },
        ],
      },
      orderBy: [{ by: `n${pick(NUMBERS)}`, direction: random() < 0.5 ? "ASC" : "DESC" }],
    });
    // The first ones warm up.
    if (page >= 5) times.push(ms);
  }
  return times;
};

const repeat = async (act: () => Promise<number>): Promise<number[]> => {
  const times: number[] = [];
  for (let index = 0; index <= REPEATS; index++) {
    const ms = await act();
    if (index > 0) times.push(ms);
  }
  return times;
};

const measureTcga = async (app: RunningApp, ask: Ask): Promise<number | null> => {
  if (!existsSync(TCGA)) return null;
  const context = localContext(app);
  await createStudy(context, { key: "tcga", name: "TCGA glioma" });
  await importClinical(context, {
    studyKey: "tcga",
    path: TCGA,
    level: "PATIENT",
    patientColumn: "case_id",
    slideColumn: "slide_id",
    endpoints: [
      { key: "os", timeColumn: "survival_months", timeUnit: "MONTHS", eventColumn: "censorship", eventValues: ["0"] },
    ],
    dryRun: false,
  });
  const glioblastoma = { clinical: [{ attribute: "oncotree_code", test: { category: ["GBM"] } }] };
  await ask(SAVE, { input: { studyKey: "tcga", key: "gbm", name: "GBM", patients: glioblastoma } });
  await ask(SAVE, { input: { studyKey: "tcga", key: "lgg", name: "LGG", patients: { not: glioblastoma } } });
  const input = {
    studyKey: "tcga",
    endpoint: "os",
    groupBy: { cohorts: ["gbm", "lgg"].map((key) => encodeId("Cohort", "tcga", key)) },
    cox: { terms: ["age", "is_female", "IDH1_mut"] },
  };
  return median(await repeat(() => ask(SURVIVAL, { input })));
};

export const clinical: Bench = async (report: Report) => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const url = process.env.DATABASE_URL;
  const own = url === undefined ? undefined : await ownDatabase(url);
  const config = readConfig(
    { HISTOQL_DATA: join(folder, "data"), HISTOQL_LOG: "error", HISTOQL_PORT: "0", DATABASE_URL: own?.url },
    { roots: [folder, dirname(TCGA)] },
  );
  const app = await createApp(config, { work: false });
  const factor = own ? 1 : EMBEDDED_FACTOR;
  const note = own ? "PostgreSQL" : "embedded";
  try {
    const { rowsPerSecond, longestTurn } = await measureImport(app, folder);
    report(atLeast("import_rows_per_second", rowsPerSecond, "rows/s", 20_000 / factor, note));
    report(atMost("import_longest_turn_ms", longestTurn, "ms", 50, "event loop, while importing"));
    const indexing = performance.now();
    await indexingDone(app);
    report(fact("indexing_s", (performance.now() - indexing) / 1000, "s", "in the background, after the import"));
    const server = await startServer(app);
    try {
      const ask = asker(server.url);
      const pages = await measurePages(ask);
      report(fact("page_median_ms", median(pages), "ms", note));
      report(atMost("page_p95_ms", percentile(pages, 0.95), "ms", 50 * factor, note));
      const all = await repeat(() => ask(FACETS, { filter: { studyKey: "large" } }));
      report(atMost("facets_ms", median(all), "ms", 300 * factor, `${note}, five attributes of all patients`));
      const gbm = await measureTcga(app, ask);
      report(atMost("gbm_vs_lgg_ms", gbm, "ms", 100, gbm === null ? "the TCGA table is absent" : note));
    } finally {
      await server.close();
    }
  } finally {
    await app.close();
    await own?.drop();
    await rm(folder, { recursive: true, force: true });
  }
};
