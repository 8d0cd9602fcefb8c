import pg from "pg";
import { localContext } from "../src/commands/ingest.ts";
import { buildSearchIndex } from "../src/modules/similarity/searchIndex.service.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { vectorTable } from "../src/store/vectors.ts";
import type { GeneratedSet } from "./searchData.ts";

const POLL_MS = 200;

const jobEnd = async (app: RunningApp, id: string): Promise<void> => {
  for (;;) {
    const { state } = await app.prisma.job.findUniqueOrThrow({ where: { id } });
    if (state === "SUCCEEDED") return;
    if (state !== "QUEUED" && state !== "RUNNING") throw new Error(`The INDEX job ended as ${state}.`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
};

/**
 * Has a worker run the product's own INDEX jobs: over the feature set, and over a frozen cohort in it. Where no HNSW index is
 * kept, because none reaches the recall, one is made that only the plain SQL uses.
 */
export const buildIndexes = async (
  app: RunningApp,
  databaseUrl: string,
  set: GeneratedSet,
  cohortKey: string | null,
): Promise<{ seconds: number; kinds: string }> => {
  const began = performance.now();
  const worker = await createApp(app.config);
  try {
    const featureSet = encodeId("FeatureSet", set.studyKey, set.featureSetKey);
    const cohorts = cohortKey === null ? [null] : [null, encodeId("Cohort", set.studyKey, cohortKey)];
    for (const cohort of cohorts) {
      const { id } = await buildSearchIndex(localContext(worker), { featureSet, cohort });
      await jobEnd(app, id);
    }
  } finally {
    await worker.close();
  }
  const seconds = (performance.now() - began) / 1000;
  const { rows } = await app.database.query<{ kind: string }>(
    "SELECT kind FROM search_index WHERE feature_set_id = $1 AND state = 'READY' ORDER BY kind",
    [set.featureSetId],
  );
  const kinds = rows.map(({ kind }) => kind);
  if (!kinds.includes("PARTITION")) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query("SET maintenance_work_mem = '1GB'");
    await client.query(`CREATE INDEX ON ${vectorTable(set.featureSetId)} USING hnsw (v halfvec_cosine_ops)`);
    await client.end();
  }
  return { seconds, kinds: kinds.join(", ") || "none" };
};
