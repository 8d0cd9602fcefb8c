import { setTimeout as delay } from "node:timers/promises";
import { PgBoss } from "pg-boss";
import { HistoError, isHistoError } from "../platform/errors.ts";
import type { Logger } from "../platform/logging.ts";
import type { Database, Queryable } from "../store/database.ts";
import { isUnavailable } from "../store/unavailable.ts";
import {
  type ClaimedJob,
  claimJob,
  type Failure,
  finishJob,
  type JobKind,
  LEASE_SECONDS,
  LeaseLostError,
  releaseJob,
  renewLease,
  requeueAbandoned,
} from "./jobs.ts";

/** Does the work of one claimed job. Throws HistoError for what the job's owner should read. */
export type JobHandler = (job: ClaimedJob, signal: AbortSignal) => Promise<void>;
export type JobHandlers = Partial<Record<JobKind, JobHandler>>;

export type Queue = {
  /** Sends the messages for queued jobs; in the same transaction as the rows, so that neither exists alone. */
  wake(client: Queryable, jobs: readonly { id: string; kind: JobKind }[]): Promise<void>;
  /** Begins to take jobs of the handlers' kinds. */
  work(handlers: JobHandlers, options: { concurrency: number }): Promise<void>;
  /** Stops taking jobs, hands the running ones back to the queue and waits for them to let go. */
  stop(): Promise<void>;
};

const QUEUES: readonly JobKind[] = [
  "INGEST",
  "TILE",
  "EMBED",
  "CODEBOOK",
  "TRAIN",
  "SCORE",
  "IMPORT",
  "EXPORT",
  "INDEX",
];
const queueName = (kind: JobKind) => kind.toLowerCase();

/** Unexpected errors may be passing ones (a database restart); after so many attempts they are the job's failure. */
const MAX_ATTEMPTS = 3;
const POLL_SECONDS = 0.5;
/** While the database is away, what became of a job is told it again and again. */
const RETRY_MS = 500;
/** A message only wakes a worker; how long the work may take is the lease's matter. */
const MESSAGE_LIFE_SECONDS = 23 * 60 * 60;

const failureOf = (error: unknown): Failure => {
  if (isHistoError(error)) return { code: error.code, message: error.message, fix: error.fix };
  return {
    code: "INTERNAL",
    message: "The job ended for a reason that HistoQL did not foresee.",
    fix: "Retry the job; if it fails again, send the worker's log line of this job's id to the maintainers.",
  };
};

const createBoss = (database: Database, options: { migrate: boolean; supervise: boolean }): PgBoss =>
  new PgBoss({
    db: { executeSql: (text: string, values?: unknown[]) => database.pool.query(text, values) },
    schedule: false,
    superviseIntervalSeconds: 60,
    ...options,
  });

const createQueues = async (boss: PgBoss): Promise<void> => {
  for (const kind of QUEUES) {
    await boss.createQueue(queueName(kind), { retryLimit: 0, expireInSeconds: MESSAGE_LIFE_SECONDS });
  }
};

/** Makes the queue's schema and queues, or brings them to this version; for the role that owns the tables. */
export const installQueue = async (database: Database): Promise<void> => {
  const boss = createBoss(database, { migrate: true, supervise: false });
  boss.on("error", () => {});
  await boss.start();
  await createQueues(boss);
  await boss.stop({ graceful: false, close: false });
};

/** Whether this role owns the queue's schema or may make it. */
const ownsQueue = async (database: Database): Promise<boolean> => {
  const { rows } = await database.query<{ owns: boolean }>(
    `SELECT coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'pgboss'),
       has_database_privilege(current_database(), 'CREATE')) AS owns`,
  );
  return rows[0]?.owns === true;
};

const startBoss = async (database: Database, log: Logger): Promise<PgBoss> => {
  const isOwner = await ownsQueue(database);
  const boss = createBoss(database, { migrate: isOwner, supervise: true });
  boss.on("error", (error) => log.warn({ reason: error.message }, "queue"));
  try {
    await boss.start();
  } catch (error) {
    if (isOwner) throw error;
    throw new HistoError(
      "FORBIDDEN",
      "The queue's tables are not those of this version, and this role may not change them.",
      {
        fix: "Run histoql migrate as the role that owns the tables, with --application-role and the name of this one.",
        cause: error,
      },
    );
  }
  if (isOwner) await createQueues(boss);
  return boss;
};

/**
 * Queued jobs that no message announces: a connection may break between the message that was taken and the job that was to
 * be claimed. A parent's children are announced in its place.
 */
const findUnannounced = async (client: Queryable): Promise<{ id: string; kind: JobKind }[]> => {
  const { rows } = await client.query<{ id: string; kind: JobKind }>(
    `SELECT id, kind FROM job
     WHERE state = 'QUEUED' AND NOT EXISTS (SELECT FROM job AS child WHERE child.parent_id = job.id)
       AND NOT EXISTS (
         SELECT FROM pgboss.job AS message
         WHERE message.name = lower(job.kind::text) AND message.state < 'active' AND message.data ->> 'jobId' = job.id::text
       )`,
  );
  return rows;
};

/**
 * pg-boss over our own pool carries the messages; the rows of `job` are the truth. A message that comes twice, late
 * or for a cancelled job finds nothing to claim and does no harm.
 */
export const startQueue = async (database: Database, log: Logger): Promise<Queue> => {
  const boss = await startBoss(database, log);

  const running = new Map<string, AbortController>();
  const inFlight = new Set<Promise<void>>();
  let stopping = false;
  let sweeper: NodeJS.Timeout | undefined;

  const wake: Queue["wake"] = async (client, jobs) => {
    const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
    for (const kind of new Set(jobs.map((job) => job.kind))) {
      const messages = jobs.filter((job) => job.kind === kind).map((job) => ({ data: { jobId: job.id } }));
      await boss.insert(queueName(kind), messages, { db });
    }
  };

  const sweep = (everything: boolean) =>
    database.transaction(async (client) => {
      const abandoned = await requeueAbandoned(client, everything);
      const waiting = [...abandoned, ...(await findUnannounced(client))];
      const unique = [...new Map(waiting.map((job) => [job.id, job])).values()];
      if (unique.length > 0) await wake(client, unique);
    });

  /** Until it is done or the database answers otherwise; the lease decides whose the job is meanwhile. */
  const untilAvailable = async (work: () => Promise<void>): Promise<void> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isUnavailable(error) || stopping) throw error;
        await delay(RETRY_MS);
      }
    }
  };

  const settle = async (job: ClaimedJob, error: unknown): Promise<void> => {
    if (error === undefined) return database.transaction((client) => finishJob(client, job));
    if (stopping || error instanceof LeaseLostError) {
      await database.transaction(async (client) => {
        const { rowCount } = await releaseJob(client, job);
        if (rowCount === 1) await wake(client, [job]);
      });
      return;
    }
    const detail = isHistoError(error) ? { code: error.code } : { error };
    log.warn({ job: job.id, kind: job.kind, attempt: job.attempts, ...detail }, "job failed");
    // A database that was away says nothing about the job, however often.
    if (isUnavailable(error) || (!isHistoError(error) && job.attempts < MAX_ATTEMPTS)) {
      await database.transaction(async (client) => {
        const { rowCount } = await releaseJob(client, job);
        if (rowCount === 1) await wake(client, [job]);
      });
      return;
    }
    await database.transaction((client) => finishJob(client, job, failureOf(error)));
  };

  const runJob = async (id: string, handler: JobHandler): Promise<void> => {
    if (stopping) return;
    let claimed: ClaimedJob | null = null;
    await untilAvailable(async () => {
      claimed = await claimJob(database, id);
    });
    const job = claimed as ClaimedJob | null;
    if (!job) return;
    const controller = new AbortController();
    running.set(job.id, controller);
    const heartbeat = setInterval(
      () =>
        renewLease(database, job).catch((error: unknown) => {
          if (error instanceof LeaseLostError) controller.abort(error);
        }),
      (LEASE_SECONDS * 1000) / 4,
    );
    let failure: unknown;
    try {
      await handler(job, controller.signal);
    } catch (error) {
      failure = controller.signal.aborted ? (controller.signal.reason ?? error) : error;
    } finally {
      clearInterval(heartbeat);
      running.delete(job.id);
    }
    await untilAvailable(() => settle(job, failure));
  };

  return {
    wake,
    async work(handlers, { concurrency }) {
      await sweep(database.kind === "embedded");
      sweeper = setInterval(() => {
        sweep(false).catch((error: unknown) => log.warn({ error }, "sweep"));
      }, LEASE_SECONDS * 500);
      for (const kind of QUEUES) {
        const handler = handlers[kind];
        if (!handler) continue;
        await boss.work<{ jobId: string }>(
          queueName(kind),
          { batchSize: 1, pollingIntervalSeconds: POLL_SECONDS, localConcurrency: concurrency },
          async ([message]) => {
            if (!message) return;
            const work = runJob(message.data.jobId, handler).catch((error: unknown) => log.error({ error }, "job"));
            inFlight.add(work);
            await work;
            inFlight.delete(work);
          },
        );
      }
    },
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      for (const controller of running.values()) controller.abort(new Error("The worker is stopping."));
      await Promise.all(inFlight);
      await boss.stop({ graceful: false, close: false });
    },
  };
};
