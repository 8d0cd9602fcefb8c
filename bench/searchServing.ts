import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { encodeId } from "../src/platform/ids.ts";
import type { RunningApp } from "../src/server/app.ts";
import { startServer } from "../src/server/start.ts";
import type { Database } from "../src/store/database.ts";
import { insertPatches, patchId } from "../src/store/patches.ts";
import { searchVectors } from "../src/store/search/index.ts";
import { appendVectors, halfvecOid } from "../src/store/vectors.ts";
import { median, percentile } from "./figure.ts";
import { HITS } from "./searchCells.ts";
import type { ClientResult, ClientTask, PairedRequest, Statement } from "./searchClient.ts";
import { type GeneratedSet, patchIdOfRow, STEP } from "./searchData.ts";
import { DIMS } from "./tissueVectors.ts";

const DOCUMENT = `query($input: SimilarPatchesInput!) { similarPatches(input: $input) {
  hits { distance similarity patch { id x y slide { key patient { key clinical } } } }
  search { strategy matches isComplete recallBasis recallEstimate reason tookMs } } }`;

const bodyOf = (set: GeneratedSet, row: number): string =>
  JSON.stringify({
    query: DOCUMENT,
    variables: {
      input: {
        featureSet: encodeId("FeatureSet", set.studyKey, set.featureSetKey),
        to: { patch: patchIdOfRow(set, row) },
        first: HITS,
      },
    },
  });

/** What a search runs once its indexes are known: the last statement finds the hits, those before it plan. */
const statementsOf = async (
  database: Database,
  set: GeneratedSet,
  row: number,
): Promise<Omit<PairedRequest, "body">> => {
  const statements: Statement[] = [];
  const recorder: Database = {
    ...database,
    query: (text, values) => {
      statements.push({ text, values: [...(values ?? [])] });
      return database.query(text, values);
    },
  };
  await searchVectors(recorder, {
    featureSetId: set.featureSetId,
    query: { patchId: set.patchIds[row] as number },
    filter: { exceptPatientId: set.patients[set.patientOf[row] as number]?.id, exceptPatchId: set.patchIds[row] },
    first: HITS,
    minRecall: 0.99,
  });
  const hits = statements.at(-1);
  if (!hits) throw new Error("The search ran no statement.");
  return { hits, search: statements };
};

const asker =
  (child: ChildProcess) =>
  (task: ClientTask): Promise<ClientResult> =>
    new Promise((resolve, reject) => {
      child.once("message", (answer: { result: ClientResult } | { error: string }) => {
        if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer.result);
      });
      child.send(task);
    });

/** Writes as the embedding of new slides does, a batch and its checkpoint in one transaction, at a steady pace. */
const ingest = async (
  { database, config }: RunningApp,
  set: GeneratedSet,
  patchesPerSecond: number,
  signal: AbortSignal,
): Promise<number> => {
  const oid = await halfvecOid(database);
  const batchSize = config.batchSize ?? 32;
  const [slide] = set.slides;
  if (!slide) throw new Error("There is no slide.");
  const patient = set.patients[slide.patient] as GeneratedSet["patients"][number];
  const began = performance.now();
  let written = 0;
  while (!signal.aborted) {
    const halves = set.draw(batchSize);
    // Cells far behind those that the grid has.
    const first = 2 ** 22 + set.ingested;
    const cells = Int32Array.from({ length: batchSize }, (_, index) => first + index);
    const gridId = Math.floor((set.patchIds[0] as number) / 2 ** 24);
    await database.transaction(async (client) => {
      await client.query(
        "UPDATE slide_features SET vectors = vectors + $3, checkpoint = checkpoint + $3 WHERE feature_set_id = $1 AND slide_id = $2",
        [set.featureSetId, slide.id, batchSize],
      );
      await insertPatches(client, gridId, {
        cells,
        x: cells.map((cell) => cell * STEP),
        y: new Int32Array(batchSize),
        tissueShare: new Float32Array(batchSize).fill(1),
      });
      await appendVectors(
        client,
        set.featureSetId,
        {
          patchIds: Float64Array.from(cells, (cell) => patchId(gridId, cell)),
          slideId: slide.id,
          patientId: patient.id,
          dims: DIMS,
          halves: new Uint16Array(halves.buffer),
        },
        oid,
      );
    });
    set.ingested += batchSize;
    written += batchSize;
    const due = began + (1000 * written) / patchesPerSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((wake) => setTimeout(wake, wait));
  }
  return written / ((performance.now() - began) / 1000);
};

export type ServingResult = {
  addedP50Ms: number;
  addedP95Ms: number;
  /** The statement that finds the hits; all statements of the search. */
  hitsP50Ms: number;
  searchP50Ms: number;
  graphqlP50Ms: number;
  cpuMs: number;
  clients1: number;
  clients8: number;
  idleP95Ms: number;
  ingestP95Ms: number;
  ingestPerSecond: number;
};

const ROUNDS = 3;
const SECONDS = 3;
/** What the bundled encoder reaches on two cores (docs/performance.md, `pipeline`). */
const INGEST_PER_SECOND = 320;

/** Searches over HTTP, from a process of its own, the server alone in this one. */
export const measureServing = async (
  app: RunningApp,
  databaseUrl: string,
  set: GeneratedSet,
  rows: readonly number[],
): Promise<ServingResult> => {
  const server = await startServer(app);
  const child = fork(join(import.meta.dirname, "searchClient.ts"));
  const ask = asker(child);
  const bodies = rows.map((row) => bodyOf(set, row));
  const load = (clients: number) => ask({ kind: "load", url: server.url, clients, seconds: SECONDS, bodies });
  try {
    const requests: PairedRequest[] = [];
    // The first query reads what is known of the indexes, which no later one does.
    await load(8);
    for (const [index, row] of rows.entries()) {
      requests.push({ body: bodies[index] as string, ...(await statementsOf(app.database, set, row)) });
    }
    const { graphqlMs, hitsMs, searchMs } = await ask({ kind: "paired", url: server.url, databaseUrl, requests });
    const added = graphqlMs.map((ms, index) => ms - (hitsMs[index] as number));
    const ones: number[] = [];
    const eights: number[] = [];
    const cpu: number[] = [];
    const idle: number[] = [];
    const busy: number[] = [];
    const paces: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      const one = await load(1);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1000 / one.graphqlMs.length);
      ones.push(one.perSecond);
      idle.push(...one.graphqlMs);
      eights.push((await load(8)).perSecond);
      const stop = new AbortController();
      const writing = ingest(app, set, INGEST_PER_SECOND, stop.signal);
      busy.push(...(await load(1)).graphqlMs);
      stop.abort();
      paces.push(await writing);
    }
    return {
      addedP50Ms: median(added),
      addedP95Ms: percentile(added, 0.95),
      hitsP50Ms: median(hitsMs),
      searchP50Ms: median(searchMs),
      graphqlP50Ms: median(graphqlMs),
      cpuMs: median(cpu),
      clients1: median(ones),
      clients8: median(eights),
      idleP95Ms: percentile(idle, 0.95),
      ingestP95Ms: percentile(busy, 0.95),
      ingestPerSecond: median(paces),
    };
  } finally {
    child.kill();
    await server.close();
  }
};
