import pg from "pg";
import { ensureCells, ensureGraph } from "../src/modules/similarity/searchIndex.build.ts";
import type { RunningApp } from "../src/server/app.ts";
import { vectorTable } from "../src/store/vectors.ts";
import type { GeneratedSet } from "./searchData.ts";

/**
 * Builds what the product builds: cells and HNSW over the feature set, HNSW over a frozen cohort. Where the product keeps no
 * HNSW index, because it does not reach the recall, one is made that only the plain SQL uses.
 */
export const buildIndexes = async (
  app: RunningApp,
  databaseUrl: string,
  set: GeneratedSet,
  cohortId: number,
): Promise<{ seconds: number; kinds: string }> => {
  const featureSet = await app.prisma.featureSet.findUniqueOrThrow({ where: { id: set.featureSetId } });
  const build = { app, featureSet, signal: new AbortController().signal };
  const began = performance.now();
  const progress = async () => {};
  await ensureCells(build, progress);
  await ensureGraph(build, null, progress);
  await ensureGraph(build, cohortId, progress);
  const seconds = (performance.now() - began) / 1000;
  const { rows } = await app.database.query<{ kind: string }>(
    "SELECT kind FROM search_index WHERE feature_set_id = $1 AND state = 'READY' ORDER BY kind",
    [set.featureSetId],
  );
  const kinds = rows.map(({ kind }) => kind);
  if (!kinds.includes("PARTITION")) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`SET maintenance_work_mem = '1GB'`);
    await client.query(`CREATE INDEX ON ${vectorTable(set.featureSetId)} USING hnsw (v halfvec_cosine_ops)`);
    await client.end();
  }
  return { seconds, kinds: kinds.join(", ") || "none" };
};
