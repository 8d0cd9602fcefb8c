import { queryScope } from "../../platform/queryScope.ts";
import { type ClaimedJob, insertJob, type NewJob, recordProgress } from "../../queue/jobs.ts";
import type { JobHandler } from "../../queue/queue.ts";
import { EVERYTHING } from "../../store/filterSql.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import {
  countIndexable,
  LEAST_VECTORS,
  LEAST_VECTORS_FOR_GRAPH,
  readHotCohorts,
  readSetsToIndex,
} from "../../store/search/indexes.ts";
import { estimateBytes, storeBytes } from "../../store/vectors.ts";
import type { App } from "../context.ts";
import { queueBehind } from "../featureSet/underWay.ts";
import { ensureCells, ensureGraph, type Progress } from "./searchIndex.build.ts";

const WHOLE = 100;

/** Who asks for indexes that nobody asked for. */
const BY_ITSELF = "histoql";

/** Builds and measures the indexes of a feature set, or of a frozen cohort in it. Done again it does only what is missing. */
export const runIndexJob =
  (app: App): JobHandler =>
  async (job: ClaimedJob, signal: AbortSignal): Promise<void> => {
    const featureSet = await app.prisma.featureSet.findUniqueOrThrow({
      where: { id: Number(job.payload.featureSetId) },
    });
    const cohortId = job.payload.cohortId == null ? null : Number(job.payload.cohortId);
    const build = { app, featureSet, signal };
    const between =
      (from: number, to: number): Progress =>
      (share, message) =>
        recordProgress(app.database, job, { done: Math.round(from + share * (to - from)), total: WHOLE, message });
    // A statement may take minutes: cancelling the job ends it.
    await queryScope.run({ signal }, async () => {
      if (cohortId !== null) return ensureGraph(build, cohortId, between(0, WHOLE));
      await ensureCells(build, between(0, 50));
      const vectors = await countIndexable(app.database, featureSet.id, null);
      if (vectors >= LEAST_VECTORS_FOR_GRAPH) await ensureGraph(build, null, between(50, WHOLE));
    });
    await recordProgress(app.database, job, { done: WHOLE, total: WHOLE });
  };

/**
 * Queues the indexing of a feature set, unless the same is queued or running.
 * @returns the job's id
 */
export const queueIndexing = (
  app: App,
  featureSet: Pick<FeatureSet, "id" | "studyId">,
  cohortId: number | null,
  createdBy: string,
): Promise<string> =>
  app.database.transaction(async (client) => {
    // Whoever asks at the same time waits here, and then sees the job of the first.
    await client.query("SELECT FROM feature_set WHERE id = $1 FOR NO KEY UPDATE", [featureSet.id]);
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM job WHERE kind = 'INDEX' AND state IN ('QUEUED', 'RUNNING') AND result_id = $1
         AND (payload ->> 'cohortId')::int IS NOT DISTINCT FROM $2::int`,
      [String(featureSet.id), cohortId],
    );
    if (rows[0]) return rows[0].id;
    const vectors = await countIndexable(client, featureSet.id, null);
    const job: NewJob = {
      kind: "INDEX",
      studyId: featureSet.studyId,
      createdBy,
      unit: "percent",
      payload: { featureSetId: featureSet.id, cohortId, vectors },
      resultId: String(featureSet.id),
    };
    if (createdBy !== BY_ITSELF) {
      const waiting = await queueBehind(client, job, { featureSetId: featureSet.id, condition: EVERYTHING });
      if (waiting !== null) return waiting;
    }
    const id = await insertJob(client, job);
    await app.queue.wake(client, [{ id, kind: "INDEX" }]);
    return id;
  });

/** Whether the copy of the vectors that an index takes fits into this share of the room, where room is scarce. */
export const hasRoom = async (app: App, featureSet: FeatureSet, share: number): Promise<boolean> => {
  if (app.database.kind !== "embedded") return true;
  const vectors = await countIndexable(app.database, featureSet.id, null);
  const needed = (await storeBytes(app.database)) + estimateBytes(vectors, featureSet.dims);
  return needed <= app.config.storeMaxBytes * share;
};

/** What is indexed without being asked for leaves room for more vectors. */
const UNASKED_SHARE = 0.5;

/** Queues the indexing of what has grown enough, and of cohorts that are searched often. */
export const queueWhatIsDue = async (app: App): Promise<void> => {
  const { database, prisma } = app;
  for (const id of await readSetsToIndex(database, LEAST_VECTORS[database.kind])) {
    const featureSet = await prisma.featureSet.findUnique({ where: { id } });
    if (featureSet && (await hasRoom(app, featureSet, UNASKED_SHARE)))
      await queueIndexing(app, featureSet, null, BY_ITSELF);
  }
  for (const { featureSetId, cohortId } of await readHotCohorts(database)) {
    const featureSet = await prisma.featureSet.findUnique({ where: { id: featureSetId } });
    if (featureSet) await queueIndexing(app, featureSet, cohortId, BY_ITSELF);
  }
};

const LOOK_EVERY_MS = 60_000;

/** Looks every minute for what to index. @returns ends it */
export const startIndexing = (app: App): (() => Promise<void>) => {
  let looking = Promise.resolve();
  const look = () => {
    looking = looking
      .then(() => queueWhatIsDue(app))
      .catch((error: unknown) => app.log.warn({ error }, "search indexes"));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
};

/** A handler of work that adds vectors: when the last of it ends, the set may have grown enough to be indexed. */
export const thenIndex =
  (app: App, handler: JobHandler): JobHandler =>
  async (job, signal) => {
    try {
      await handler(job, signal);
    } finally {
      if (!signal.aborted) {
        await queueWhatIsDue(app).catch((error: unknown) => app.log.warn({ error }, "search indexes"));
      }
    }
  };
