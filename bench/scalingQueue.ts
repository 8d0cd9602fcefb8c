import { setTimeout as delay } from "node:timers/promises";
import { createLogger } from "../src/platform/logging.ts";
import { insertJob, insertJobTree, recordProgress } from "../src/queue/jobs.ts";
import { type Queue, startQueue } from "../src/queue/queue.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { median, percentile } from "./figure.ts";

/** The real queue on a real server, with slides that are nothing to do: what remains is what the queue itself costs. */

export type QueueCost = {
  jobsPerSecond: number;
  /** Slides that were run more than once, or not at all. */
  wrong: number;
  /** From the commit that queues one slide, while nothing else is queued, to its beginning. */
  pickupP50Ms: number;
  pickupP95Ms: number;
  /** Time in which the server was executing something for a slide, for one worker alone, so that none waits for another. */
  databaseSecondsPerJob: number;
  /** The same of all workers together, a second, while there is nothing to do. */
  idleDatabaseSeconds: number;
  /** Of one note of progress. */
  progressSeconds: number;
};

const DATABASES = 8;
const SINGLE_JOBS = 40;
const ALONE_JOBS = 200;
/** An idle session tells within ten seconds what it did (PGSTAT_IDLE_INTERVAL). */
const SETTLE_SECONDS = 11;
const PROGRESS_NOTES = 300;

const newJob = (studyId: number) => ({
  kind: "TILE" as const,
  studyId,
  createdBy: "bench",
  unit: "patches",
  payload: {},
});

const insertSlides = async (database: Database, slides: number): Promise<{ studyId: number; slideIds: number[] }> => {
  const { rows } = await database.query<{ id: number }>(
    "INSERT INTO study (key, name) VALUES ('queue', 'Queue') RETURNING id",
  );
  const studyId = (rows[0] as { id: number }).id;
  await database.query(
    "INSERT INTO patient (study_id, key) SELECT $1, 'P' || number FROM generate_series(1, $2::int) AS number",
    [studyId, slides],
  );
  const inserted = await database.query<{ id: number }>(
    "INSERT INTO slide (study_id, patient_id, key) SELECT study_id, id, key FROM patient WHERE study_id = $1 RETURNING id",
    [studyId],
  );
  return { studyId, slideIds: inserted.rows.map(({ id }) => id) };
};

/** Seconds for which the server has been executing statements in this database, sessions' idling left out (PostgreSQL 14). */
const activeSeconds = async (database: Database): Promise<number> => {
  await delay(1000 * SETTLE_SECONDS);
  const { rows } = await database.query<{ seconds: number }>(
    "SELECT active_time / 1000 AS seconds FROM pg_stat_database WHERE datname = current_database()",
  );
  return (rows[0] as { seconds: number }).seconds;
};

const measureProgress = async (database: Database, studyId: number, slideId: number): Promise<number> => {
  const id = await insertJob(database, newJob(studyId));
  const lease = crypto.randomUUID();
  await database.query(
    "UPDATE job SET state = 'RUNNING', lease = $2, lease_until = now() + interval '1 hour' WHERE id = $1",
    [id, lease],
  );
  const begun = { attempts: 1, setbacks: 0, doneBefore: 0, lease, leaseSeconds: 3600 };
  const job = { ...newJob(studyId), id, parentId: null, slideId, ...begun };
  const note = (done: number) => recordProgress(database, job, { done, total: PROGRESS_NOTES });
  for (let done = 0; done < 20; done++) await note(done);
  const seconds: number[] = [];
  for (let done = 0; done < PROGRESS_NOTES; done++) {
    const began = performance.now();
    await note(done);
    seconds.push((performance.now() - began) / 1000);
  }
  await database.query("UPDATE job SET state = 'SUCCEEDED', lease = NULL, finished_at = now() WHERE id = $1", [id]);
  return median(seconds);
};

/**
 * Has so many workers of one slide at a time take slides from one queue. They share this process and its processor with
 * each other, and the machine with the server.
 */
export const measureQueue = async (
  databaseUrl: string,
  { workers, jobs }: { workers: number; jobs: number },
): Promise<QueueCost> => {
  const open = () => openDatabase({ url: databaseUrl, schema: "public", dataFolder: undefined });
  const databases = await Promise.all(Array.from({ length: Math.min(DATABASES, workers) }, open));
  const [own] = databases as [Database, ...Database[]];
  const log = createLogger("silent");
  const queues: Queue[] = [];
  const begun = new Map<number, number>();
  const runs = new Map<number, number>();
  try {
    const { studyId, slideIds } = await insertSlides(own, jobs);
    const progressSeconds = await measureProgress(own, studyId, slideIds[0] as number);
    for (let worker = 0; worker < workers; worker++) {
      queues.push(await startQueue(databases[worker % databases.length] as Database, log));
    }
    const handler = async ({ slideId }: { slideId: number | null }) => {
      begun.set(slideId ?? -1, performance.now());
      runs.set(slideId ?? -1, (runs.get(slideId ?? -1) ?? 0) + 1);
    };
    const begin = (some: readonly Queue[]) =>
      Promise.all(some.map((queue) => queue.work({ TILE: handler }, { concurrency: 1 })));
    const put = (ids: readonly number[]) =>
      own.transaction(async (client) => {
        const { childIds } = await insertJobTree(client, newJob(studyId), ids);
        await (queues[0] as Queue).wake(
          client,
          childIds.map((id) => ({ id, kind: "TILE" })),
        );
      });
    const left = async (): Promise<number> => {
      const { rows } = await own.query<{ open: number }>(
        "SELECT count(*)::int AS open FROM job WHERE state IN ('QUEUED', 'RUNNING')",
      );
      return (rows[0] as { open: number }).open;
    };
    /** Seconds until all of them have ended. */
    const run = async (ids: readonly number[]): Promise<number> => {
      const began = performance.now();
      await put(ids);
      while ((await left()) > 0) await delay(50);
      return (performance.now() - began) / 1000;
    };

    await begin(queues.slice(0, 1));
    await run(slideIds.slice(0, ALONE_JOBS));
    const beforeAlone = await activeSeconds(own);
    await run(slideIds.slice(0, ALONE_JOBS));
    const afterAlone = await activeSeconds(own);
    await begin(queues.slice(1));
    const beforeIdle = await activeSeconds(own);
    const afterIdle = await activeSeconds(own);
    begun.clear();
    const pickups: number[] = [];
    for (const slideId of slideIds.slice(0, SINGLE_JOBS)) {
      await put([slideId]);
      const queued = performance.now();
      while (!begun.has(slideId)) await delay(1);
      // Begun before the commit was heard of here counts as at once.
      pickups.push(Math.max(0, (begun.get(slideId) ?? 0) - queued));
    }
    while ((await left()) > 0) await delay(50);
    runs.clear();
    const seconds = await run(slideIds);
    return {
      jobsPerSecond: jobs / seconds,
      wrong: slideIds.filter((id) => runs.get(id) !== 1).length,
      pickupP50Ms: percentile(pickups, 0.5),
      pickupP95Ms: percentile(pickups, 0.95),
      databaseSecondsPerJob: (afterAlone - beforeAlone) / ALONE_JOBS,
      idleDatabaseSeconds: (afterIdle - beforeIdle) / SETTLE_SECONDS,
      progressSeconds,
    };
  } finally {
    await Promise.all(queues.map((queue) => queue.stop()));
    await Promise.all(databases.map((database) => database.close()));
  }
};
