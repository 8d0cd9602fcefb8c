import pg from "pg";
import { seededUniform, type Uniform } from "../src/platform/random.ts";
import type { Database } from "../src/store/database.ts";
import { searchExact } from "../src/store/search/exact.ts";
import { searchVectors, type VectorFilter, type VectorHit } from "../src/store/search/index.ts";
import { vectorTable } from "../src/store/vectors.ts";
import { median, percentile } from "./figure.ts";
import type { GeneratedSet } from "./searchData.ts";

/** Every search of the benchmark leaves out the query's own patient, as similarPatches does unless told otherwise. */

export const HITS = 10;
const MIN_RECALL = 0.99;
const SHARES = [0.5, 0.1, 0.02, 0.002] as const;
const CORRELATIONS = ["independent", "correlated", "anti-correlated"] as const;
/** Distances are of half-precision vectors: nearer to each other than this they are equal. */
const TIE = 1e-6;

export type Cell = {
  name: string;
  /** Whether an index over the whole table or the cohort applies. */
  isIndexed: boolean;
  filterOf(row: number): { filter: VectorFilter; matches: number };
};

export type CellResult = {
  vectors: number;
  cell: string;
  isIndexed: boolean;
  queries: number;
  matches: number;
  recall: number;
  /** Least over the queries: rows that came, over min(10, matches). */
  rowRatio: number;
  p50Ms: number;
  p95Ms: number;
  strategies: string;
  exactP50Ms: number;
  exactP95Ms: number;
  /** Medians over pairs of queries asked back to back. */
  ratio: number;
  /** As `ratio`, with a millisecond allowed. */
  ratioAllowing1Ms: number;
  plainRecall: number;
  plainRows: number;
  plainP50Ms: number;
  iterativeRecall: number;
  iterativeRows: number;
  iterativeP50Ms: number;
};

const shuffled = (length: number, random: Uniform): number[] => {
  const order = Array.from({ length }, (_, index) => index);
  for (let index = length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other] as number, order[index] as number];
  }
  return order;
};

/** Patients in this order until they hold about so many patches; one who has too many is passed over. */
const takePatients = (set: GeneratedSet, order: readonly number[], patches: number): number[] => {
  const taken: number[] = [];
  let sum = 0;
  for (const index of order) {
    const size = set.patients[index]?.patches ?? 0;
    if (sum + size > patches * 1.1) continue;
    taken.push(index);
    sum += size;
    if (sum >= patches * 0.95) break;
  }
  return taken;
};

const RANDOM_FILTERS = 20;

const orderedBy = (set: GeneratedSet, phenotype: number, direction: 1 | -1): number[] =>
  set.patients
    .map(({ shares }, index) => ({ index, share: shares[phenotype] ?? 0 }))
    .sort((a, b) => direction * (a.share - b.share))
    .map(({ index }) => index);

const filterFor = (
  set: GeneratedSet,
  patients: readonly number[] | undefined,
  row: number,
  cohortId?: number,
): { filter: VectorFilter; matches: number } => {
  const own = set.patientOf[row] as number;
  const inside = patients ?? set.patients.map((_, index) => index);
  return {
    filter: {
      patientIds: patients?.map((index) => set.patients[index]?.id ?? -1),
      cohortId,
      exceptPatientId: set.patients[own]?.id,
      exceptPatchId: set.patchIds[row],
    },
    matches: inside.reduce((sum, index) => sum + (index === own ? 0 : (set.patients[index]?.patches ?? 0)), 0),
  };
};

/** @param cohort a frozen cohort with an index of its own: its id, and its patients as indexes into the set's */
export const cellsOf = (set: GeneratedSet, cohort: { id: number; patients: number[] }): Cell[] => {
  const random = seededUniform(3);
  const vectors = set.patchIds.length;
  const cells: Cell[] = [
    { name: "unfiltered", isIndexed: true, filterOf: (row) => filterFor(set, undefined, row) },
    { name: "hot cohort", isIndexed: true, filterOf: (row) => filterFor(set, cohort.patients, row, cohort.id) },
  ];
  for (const correlation of CORRELATIONS) {
    for (const share of SHARES) {
      const known = new Map<number, number[]>();
      const filters = Array.from({ length: RANDOM_FILTERS }, () =>
        takePatients(set, shuffled(set.patients.length, random), share * vectors),
      );
      const patientsFor = (row: number): number[] => {
        if (correlation === "independent") return filters[row % RANDOM_FILTERS] as number[];
        const phenotype = set.phenotypeOf[row] as number;
        const order = () => orderedBy(set, phenotype, correlation === "correlated" ? -1 : 1);
        const found = known.get(phenotype) ?? takePatients(set, order(), share * vectors);
        known.set(phenotype, found);
        return found;
      };
      cells.push({
        name: `${share * 100} % ${correlation}`,
        isIndexed: false,
        filterOf: (row) => filterFor(set, patientsFor(row), row),
      });
    }
  }
  return cells;
};

/** What people write who do not know: WHERE, ORDER BY, LIMIT, and whatever plan comes of it. */
const plainSql = async (
  client: pg.Client,
  set: GeneratedSet,
  row: number,
  filter: VectorFilter,
): Promise<{ hits: { distance: number }[]; tookMs: number }> => {
  const table = vectorTable(set.featureSetId);
  const values: unknown[] = [set.patchIds[row], filter.exceptPatientId, HITS];
  const among = filter.patientIds ? `AND patient_id = ANY($${values.push(filter.patientIds)}::int[])` : "";
  const nearest = `v <=> (SELECT v FROM ${table} WHERE patch_id = $1)`;
  const began = performance.now();
  const { rows } = await client.query<{ distance: number }>(
    `SELECT patch_id, slide_id, patient_id, ${nearest} AS distance FROM ${table}
     WHERE patch_id <> $1 AND patient_id <> $2 ${among} ORDER BY ${nearest} LIMIT $3`,
    values,
  );
  return { hits: rows, tookMs: performance.now() - began };
};

const recallOf = (hits: readonly { distance: number }[], truth: readonly VectorHit[]): number => {
  const furthest = truth.at(-1);
  if (!furthest) return 1;
  const found = hits.filter(({ distance }) => distance <= furthest.distance + TIE).length;
  return Math.min(1, found / truth.length);
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export type PlainClients = { plain: pg.Client; iterative: pg.Client; close(): Promise<void> };

/** Connections with the defaults of pgvector, and with its iterative scan in relaxed order. */
export const openPlainClients = async (connectionString: string): Promise<PlainClients> => {
  const [plain, iterative] = [new pg.Client({ connectionString }), new pg.Client({ connectionString })];
  await Promise.all([plain.connect(), iterative.connect()]);
  await iterative.query("LOAD 'vector'");
  await iterative.query("SET hnsw.iterative_scan = relaxed_order");
  return {
    plain,
    iterative,
    async close() {
      await Promise.all([plain.end(), iterative.end()]);
    },
  };
};

const summary = (strategies: readonly string[]): string =>
  [...Map.groupBy(strategies, (name) => name)]
    .map(([name, all]) => ({ name, share: all.length / strategies.length }))
    .sort((a, b) => b.share - a.share)
    .map(({ name, share }) => `${name} ${Math.round(share * 100)} %`)
    .join(", ");

/** Asks each query in every way, one right after the other; of ours and the exact one the order alternates. */
export const measureCell = async (
  database: Database,
  clients: PlainClients,
  set: GeneratedSet,
  cell: Cell,
  rows: readonly number[],
): Promise<CellResult> => {
  const ours: number[] = [];
  const exact: number[] = [];
  const recalls: number[] = [];
  const rowRatios: number[] = [];
  const strategies: string[] = [];
  const allMatches: number[] = [];
  const plain = { ms: [] as number[], recalls: [] as number[], rows: [] as number[] };
  const iterative = { ms: [] as number[], recalls: [] as number[], rows: [] as number[] };
  for (const [index, row] of rows.entries()) {
    const { filter, matches } = cell.filterOf(row);
    const request = {
      featureSetId: set.featureSetId,
      query: { patchId: set.patchIds[row] as number },
      filter,
      first: HITS,
      minRecall: MIN_RECALL,
    };
    const askOurs = async () => {
      const began = performance.now();
      const found = await searchVectors(database, request);
      ours.push(performance.now() - began);
      if (!found) throw new Error("A generated patch has no vector.");
      return found;
    };
    const askExact = async () => {
      const began = performance.now();
      const hits = await searchExact(database, request);
      exact.push(performance.now() - began);
      return hits;
    };
    const isOursFirst = index % 2 === 0;
    const early = isOursFirst ? await askOurs() : undefined;
    const truth = await askExact();
    const found = early ?? (await askOurs());
    const expected = Math.min(HITS, matches);
    if (truth.length !== expected) throw new Error(`${truth.length} rows are there; ${expected} should be.`);
    recalls.push(recallOf(found.hits, truth));
    rowRatios.push(expected === 0 ? 1 : found.hits.length / expected);
    strategies.push(found.report.strategy);
    allMatches.push(matches);
    for (const [client, into] of [
      [clients.plain, plain],
      [clients.iterative, iterative],
    ] as const) {
      const { hits, tookMs } = await plainSql(client, set, row, filter);
      into.ms.push(tookMs);
      into.recalls.push(recallOf(hits, truth));
      into.rows.push(hits.length);
    }
  }
  const ratios = (allowance: number) =>
    median(ours.map((ms, index) => Math.max(0, ms - allowance) / (exact[index] as number)));
  return {
    vectors: set.patchIds.length,
    cell: cell.name,
    isIndexed: cell.isIndexed,
    queries: rows.length,
    matches: Math.round(mean(allMatches)),
    recall: mean(recalls),
    rowRatio: Math.min(...rowRatios),
    p50Ms: median(ours),
    p95Ms: percentile(ours, 0.95),
    strategies: summary(strategies),
    exactP50Ms: median(exact),
    exactP95Ms: percentile(exact, 0.95),
    ratio: ratios(0),
    ratioAllowing1Ms: ratios(1),
    plainRecall: mean(plain.recalls),
    plainRows: mean(plain.rows),
    plainP50Ms: median(plain.ms),
    iterativeRecall: mean(iterative.recalls),
    iterativeRows: mean(iterative.rows),
    iterativeP50Ms: median(iterative.ms),
  };
};

/** The cells as a Markdown table, for docs/performance.md. */
export const cellTable = (results: readonly CellResult[]): string => {
  const head = [
    "vectors",
    "filter",
    "matches",
    "recall",
    "rows",
    "p50 ms",
    "p95 ms",
    "what ran",
    "exact p50 ms",
    "over exact",
    "plain SQL: recall",
    "rows",
    "p50 ms",
    "iterative: recall",
    "rows",
    "p50 ms",
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map(() => "---")),
    ...results.map((result) =>
      line([
        result.vectors.toLocaleString("en"),
        result.cell,
        result.matches.toLocaleString("en"),
        result.recall.toFixed(4),
        (result.rowRatio * 100).toFixed(0),
        result.p50Ms.toFixed(1),
        result.p95Ms.toFixed(1),
        result.strategies,
        result.exactP50Ms.toFixed(1),
        result.ratio.toFixed(2),
        result.plainRecall.toFixed(3),
        result.plainRows.toFixed(1),
        result.plainP50Ms.toFixed(1),
        result.iterativeRecall.toFixed(3),
        result.iterativeRows.toFixed(1),
        result.iterativeP50Ms.toFixed(1),
      ]),
    ),
  ].join("\n");
};
