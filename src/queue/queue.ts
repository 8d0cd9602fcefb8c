import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isHistoError } from "../platform/errors.ts";
import type { Logger } from "../platform/logging.ts";
import type { Database, Queryable } from "../store/database.ts";
import { isUnavailable } from "../store/unavailable.ts";
import { startDispatcher } from "./dispatcher.ts";
import { addNeeds, findOpen, finishJob, giveUpJob, lockJobs } from "./graph.ts";
import {
  type ClaimedJob,
  claimJob,
  type Failure,
  type JobKind,
  LeaseLostError,
  NeedsJobsError,
  type QueuedJob,
  WorkerUnfitError,
} from "./jobs.ts";
import { type AbandonedJob, readSetbacks, releaseJob, renewLease, requeueAbandoned } from "./leases.ts";
import { type Messages, startMessages } from "./messages.ts";

export { installQueue } from "./messages.ts";

/** Does the work of one claimed job. Throws HistoError for what the job's owner should read. */
export type JobHandler = (job: ClaimedJob, signal: AbortSignal) => Promise<void>;
export type JobHandlers = Partial<Record<JobKind, JobHandler>>;

export type QueueOptions = {
  /** How long a job stays with a worker that is not heard of; 60 by default. */
  leaseSeconds?: number;
  /** Before the second attempt after something unforeseen, and twice as long before each further one; 2 by default. */
  backoffSeconds?: number;
};

export type Queue = {
  /** Names this process among the workers. */
  workerId: string;
  /**
   * Announces queued jobs to workers; in the same transaction as the rows, so that neither exists alone. Those that wait
   * for others are announced when these have ended.
   */
  wake(client: Queryable, jobs: readonly QueuedJob[]): Promise<void>;
  /** Begins to take jobs of the handlers' kinds, up to `concurrency` of each at a time. */
  work(handlers: JobHandlers, options: { concurrency: number }): Promise<void>;
  /** Stops taking jobs, hands the running ones back to the queue at their next batch and waits for them to let go. */
  stop(): Promise<void>;
};

const LEASE_SECONDS = 60;
const BACKOFF_SECONDS = 2;
/** Unexpected errors may be passing ones; after so many in a row without any progress they are the job's failure. */
const MAX_ATTEMPTS = 4;
/** A worker may be killed for many reasons, of which its job is the least likely one. */
const MAX_DEATHS = 10;
/** While the database is away, what became of a job is told it again and again. */
const RETRY_MS = 500;

const DEADLOCK = "40P01";

const isPassing = (error: unknown): boolean =>
  isUnavailable(error) || (error as { code?: unknown } | null)?.code === DEADLOCK;

const failureOf = (error: unknown): Failure => {
  if (isHistoError(error)) return { code: error.code, message: error.message, fix: error.fix };
  return {
    code: "INTERNAL",
    message: "The job ended for a reason that HistoQL did not foresee.",
    fix: "Retry the job; if it fails again, send the worker's log line of this job's id to the maintainers.",
  };
};

const DEADLY: Failure = {
  code: "INTERNAL",
  message: `${MAX_DEATHS} workers in a row ended while they were at this, without getting any further.`,
  fix: "Look at the workers' logs and memory; leave the slide out, or mend it and call retryJob.",
};

type Running = {
  database: Database;
  log: Logger;
  messages: Messages;
  backoffSeconds: number;
  /** Leases of the jobs that this process has in hand. */
  held: Set<string>;
  isStopping(): boolean;
};

/** Tells the database what became of an attempt. */
const settle = async (
  { database, log, messages, backoffSeconds, isStopping }: Running,
  job: ClaimedJob,
  error: unknown,
): Promise<void> => {
  const finish = (failure?: Failure) =>
    database.transaction(async (client) => {
      const ready = await finishJob(client, job, failure);
      await messages.announce(
        client,
        ready.map(({ id }) => id),
      );
    });
  const release = (after?: number) =>
    database.transaction(async (client) => {
      if (await releaseJob(client, job, after)) await messages.announce(client, [job.id]);
    });
  if (error === undefined) return finish();
  if (isStopping() || error instanceof LeaseLostError || error instanceof WorkerUnfitError) return release();
  if (error instanceof NeedsJobsError) {
    return database.transaction(async (client) => {
      await lockJobs(client, job.studyId);
      if (!(await releaseJob(client, job))) return;
      // One that has failed since it was found would never let go of those that wait for it.
      const needs = await findOpen(client, error.jobIds);
      await addNeeds(
        client,
        needs.map(() => job.id),
        needs,
      );
      await messages.announce(client, [job.id]);
    });
  }
  const detail = isHistoError(error) ? { code: error.code } : { error };
  log.warn({ job: job.id, kind: job.kind, attempt: job.attempts, ...detail }, "job failed");
  // First: what is said in words is about the job, even where a broken connection to something else caused it.
  if (isHistoError(error)) return finish(failureOf(error));
  // A database that was away says nothing about the job, however often.
  if (isPassing(error)) return release();
  const setbacks = await readSetbacks(database, job);
  return setbacks + 1 >= MAX_ATTEMPTS ? finish(failureOf(error)) : release(backoffSeconds * 2 ** setbacks);
};

/** Only one worker at a time looks for what others left behind. */
const SWEEP_LOCK = 72_707_371;

const sweep = async ({ database, messages, held }: Running, everything: boolean): Promise<void> => {
  const deadly = await database.transaction(async (client): Promise<AbandonedJob[]> => {
    const { rows } = await client.query<{ isMine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS "isMine"', [
      SWEEP_LOCK,
    ]);
    if (!rows[0]?.isMine) return [];
    const abandoned = await requeueAbandoned(client, everything, [...held]);
    const hopeless = abandoned.filter(({ setbacks }) => setbacks >= MAX_DEATHS);
    const given = new Set(hopeless.map(({ id }) => id));
    const unannounced = await messages.findUnannounced(client);
    await messages.announce(
      client,
      unannounced.map(({ id }) => id).filter((id) => !given.has(id)),
    );
    return hopeless;
  });
  for (const job of deadly) await database.transaction((client) => giveUpJob(client, job, DEADLY));
};

/** The messages and the work of this process on one database. */
export const startQueue = async (database: Database, log: Logger, options: QueueOptions = {}): Promise<Queue> => {
  const { leaseSeconds = LEASE_SECONDS, backoffSeconds = BACKOFF_SECONDS } = options;
  const workerId = randomUUID();
  const messages = await startMessages(database, log);
  const controllers = new Set<AbortController>();
  let stopping = false;
  let sweeper: NodeJS.Timeout | undefined;
  let stopTaking: (() => Promise<void>) | undefined;
  const held = new Set<string>();
  const running: Running = { database, log, messages, backoffSeconds, held, isStopping: () => stopping };

  /** Until it is done or the database answers otherwise; the lease decides whose the job is meanwhile. */
  const untilAvailable = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isPassing(error) || stopping) throw error;
        await delay(RETRY_MS);
      }
    }
  };

  /** Does a claimed job's work, keeping its lease; returns what went wrong, if anything. */
  const attempt = async (job: ClaimedJob, handler: JobHandler): Promise<unknown> => {
    const controller = new AbortController();
    controllers.add(controller);
    if (stopping) controller.abort(new Error("The worker is stopping."));
    const heartbeat = setInterval(
      () =>
        renewLease(database, job).catch((error: unknown) => {
          if (error instanceof LeaseLostError) controller.abort(error);
        }),
      (leaseSeconds * 1000) / 4,
    );
    try {
      controller.signal.throwIfAborted();
      await handler(job, controller.signal);
      return undefined;
    } catch (error) {
      return controller.signal.aborted ? (controller.signal.reason ?? error) : error;
    } finally {
      clearInterval(heartbeat);
      controllers.delete(controller);
    }
  };

  const runJob = async (id: string, handler: JobHandler): Promise<void> => {
    if (stopping) return;
    const job = await untilAvailable(() => claimJob(database, id, { id: workerId, leaseSeconds }));
    if (!job) return;
    held.add(job.lease);
    try {
      const failure = await attempt(job, handler);
      await untilAvailable(() => settle(running, job, failure));
    } finally {
      held.delete(job.lease);
    }
  };

  return {
    workerId,
    wake: (client, jobs) =>
      messages.announce(
        client,
        jobs.map(({ id }) => id),
      ),
    async work(handlers, { concurrency }) {
      await sweep(running, database.kind === "embedded");
      sweeper = setInterval(() => {
        sweep(running, false).catch((error: unknown) => log.warn({ error }, "sweep"));
      }, leaseSeconds * 500);
      stopTaking = startDispatcher({
        messages,
        log,
        kinds: Object.keys(handlers) as JobKind[],
        concurrency,
        run: (kind, jobId) => runJob(jobId, handlers[kind] as JobHandler),
      });
    },
    async stop() {
      // The second time is for whoever has not begun to work.
      if (stopping) return;
      stopping = true;
      clearInterval(sweeper);
      for (const controller of controllers) controller.abort(new Error("The worker is stopping."));
      await stopTaking?.();
      await messages.stop();
    },
  };
};
