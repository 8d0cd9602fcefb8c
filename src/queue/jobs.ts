import { randomUUID } from "node:crypto";
import { type ErrorCode, HistoError } from "../platform/errors.ts";
import type { Queryable } from "../store/database.ts";

/** The kinds of work that a message can ask for; lower-case names of pg-boss queues. */
export const JOB_KINDS = [
  "INGEST",
  "TILE",
  "EMBED",
  "CODEBOOK",
  "TRAIN",
  "SCORE",
  "IMPORT",
  "EXPORT",
  "INDEX",
] as const;
export type JobKind = (typeof JOB_KINDS)[number];
export type JobState = "QUEUED" | "RUNNING" | "SUCCEEDED" | "PARTLY_FAILED" | "FAILED" | "CANCELLED";

export type NewJob = {
  kind: JobKind;
  studyId: number | null;
  createdBy: string;
  unit: string;
  payload: Record<string, unknown>;
  resultId?: string | null;
  /** Greater ones first, among jobs of a kind; see `priorityOf`. */
  priority?: number;
};

/** A job as those see it who announce it. */
export type QueuedJob = { id: string; kind: JobKind };

export type ClaimedJob = {
  id: string;
  kind: JobKind;
  studyId: number | null;
  parentId: string | null;
  slideId: number | null;
  createdBy: string;
  payload: Record<string, unknown>;
  attempts: number;
  /** Attempts in a row before this one that came no further. */
  setbacks: number;
  /** What the attempt before this one had done at its end: only beyond it is progress. */
  doneBefore: number;
  /** Names this attempt; every write of the worker is conditional on it. */
  lease: string;
  leaseSeconds: number;
};

export type Failure = { code: ErrorCode; message: string; fix?: string | undefined; slideId?: number | null };

/** What a person waits for goes before what runs overnight: the fewer slides were asked for, the sooner. */
export const priorityOf = (slides: number): number => (slides <= 8 ? 20 : slides <= 200 ? 10 : 0);

const INTERACTIVE = priorityOf(1);

/** A job that a worker takes as a whole. Announce it with the queue's `wake`. */
export const insertJob = async (client: Queryable, job: NewJob): Promise<string> => {
  const id = randomUUID();
  await client.query(
    `INSERT INTO job (id, kind, study_id, payload, unit, result_id, created_by, priority)
     VALUES ($1, $2::job_kind, $3, $4, $5, $6, $7, $8)`,
    [
      id,
      job.kind,
      job.studyId,
      job.payload,
      job.unit,
      job.resultId ?? null,
      job.createdBy,
      job.priority ?? INTERACTIVE,
    ],
  );
  return id;
};

/**
 * Lets queued jobs, and what these need, go as early as somebody who waits for them asks for.
 * @returns those that go earlier now, to be announced once more
 */
export const raisePriority = async (
  client: Queryable,
  jobIds: readonly string[],
  priority: number,
): Promise<QueuedJob[]> => {
  const { rows } = await client.query<QueuedJob>(
    `WITH RECURSIVE wanted AS (
       SELECT unnest($1::uuid[]) AS id
       UNION
       SELECT dependency.needs_id FROM wanted JOIN job_dependency AS dependency ON dependency.job_id = wanted.id
     )
     UPDATE job SET priority = $2, message_id = gen_random_uuid()
     WHERE id IN (SELECT id FROM wanted) AND state = 'QUEUED' AND priority < $2 RETURNING id, kind`,
    [jobIds, priority],
  );
  return rows;
};

/** A job that is done when its parts of the same kind are; it counts them as slides. */
export const insertParent = async (client: Queryable, job: NewJob, parts: number): Promise<string> => {
  const id = await insertJob(client, { ...job, unit: "slides" });
  await client.query("UPDATE job SET total = $2 WHERE id = $1", [id, parts]);
  return id;
};

/** One part of a parent for each slide, in the order of the slides; the parts are what workers take. Announce them with the queue's `wake`. */
export const insertParts = async (
  client: Queryable,
  parentId: string,
  job: NewJob,
  slideIds: readonly number[],
): Promise<string[]> => {
  const ids = slideIds.map(() => randomUUID());
  await client.query(
    `INSERT INTO job (id, kind, study_id, parent_id, slide_id, payload, unit, result_id, created_by, priority)
     SELECT part.id, $3::job_kind, $4, $5::uuid, part.slide_id, $6, $7, $8, $9, $10
     FROM unnest($1::uuid[], $2::int[]) AS part (id, slide_id)`,
    [
      ids,
      slideIds,
      job.kind,
      job.studyId,
      parentId,
      job.payload,
      job.unit,
      job.resultId ?? null,
      job.createdBy,
      job.priority ?? INTERACTIVE,
    ],
  );
  return ids;
};

/** A parent and one part of its kind a slide. */
export const insertJobTree = async (
  client: Queryable,
  job: NewJob,
  slideIds: readonly number[],
): Promise<{ parentId: string; childIds: string[] }> => {
  const planned = { priority: priorityOf(slideIds.length), ...job };
  const parentId = await insertParent(client, planned, slideIds.length);
  return { parentId, childIds: await insertParts(client, parentId, planned, slideIds) };
};

/** A parent and one part a file, each with a payload of its own; it counts them as files. Announce the parts with the queue's `wake`. */
export const insertFileJobs = async (
  client: Queryable,
  job: NewJob,
  payloads: readonly Record<string, unknown>[],
): Promise<{ parentId: string; childIds: string[] }> => {
  const planned = { priority: priorityOf(payloads.length), ...job };
  const parentId = await insertJob(client, { ...planned, unit: "files" });
  await client.query("UPDATE job SET total = $2 WHERE id = $1", [parentId, payloads.length]);
  const childIds = payloads.map(() => randomUUID());
  const { kind, studyId, unit, resultId = null, createdBy, priority } = planned;
  await client.query(
    `INSERT INTO job (id, kind, study_id, parent_id, payload, unit, result_id, created_by, priority)
     SELECT part.id, $3::job_kind, $4, $5::uuid, part.payload, $6, $7, $8, $9
     FROM unnest($1::uuid[], $2::jsonb[]) AS part (id, payload)`,
    [
      childIds,
      payloads.map((each) => JSON.stringify(each)),
      kind,
      studyId,
      parentId,
      unit,
      resultId,
      createdBy,
      priority,
    ],
  );
  return { parentId, childIds };
};

/** Says what a job and its parent made, where nobody has said it yet. */
export const nameResult = (client: Queryable, id: string, resultId: string) =>
  client.query(
    `UPDATE job SET result_id = $2 WHERE result_id IS NULL
       AND (id = $1 OR id = (SELECT parent_id FROM job AS child WHERE child.id = $1))`,
    [id, resultId],
  );

/** What a parent's parts have done together, in SQL: those that ended are counted when they end, those that run are few. */
export const PARTS_DONE = `(job.parts_done + coalesce((SELECT sum(part.done) FROM job AS part
    WHERE part.parent_id = job.id AND part.kind = job.kind AND part.state = 'RUNNING'), 0))`;

/** When a lease that is taken now runs out, in SQL. By the clock: to `now()`, a long transaction is still at its beginning. */
export const leaseEnd = (seconds: string) => `clock_timestamp() + make_interval(secs => ${seconds}::float8)`;

type ClaimedRow = {
  id: string;
  kind: JobKind;
  study_id: number | null;
  parent_id: string | null;
  slide_id: number | null;
  created_by: string;
  payload: Record<string, unknown>;
  attempts: number;
  setbacks: number;
  done_before: number;
};

/** Takes a queued job for one attempt; null when it was cancelled, waits for others or somebody else has it. */
export const claimJob = async (
  client: Queryable,
  id: string,
  worker: { id: string; leaseSeconds: number },
): Promise<ClaimedJob | null> => {
  const lease = randomUUID();
  const { rows } = await client.query<ClaimedRow>(
    `UPDATE job SET state = 'RUNNING', lease = $2, lease_until = ${leaseEnd("$3")}, attempts = attempts + 1,
       started_at = now(), done_before = done, message = NULL, worker_id = $4
     WHERE id = $1 AND state = 'QUEUED' AND waiting_for = 0
     RETURNING id, kind, study_id, parent_id, slide_id, created_by, payload, attempts, setbacks, done_before`,
    [id, lease, worker.leaseSeconds, worker.id],
  );
  const row = rows[0];
  if (!row) return null;
  // Apart from the claim, so that nobody waits for a parent's row while it holds a part's.
  if (row.parent_id !== null) {
    await client.query(
      "UPDATE job SET state = 'RUNNING', attempts = attempts + 1, started_at = now() WHERE id = $1 AND state = 'QUEUED'",
      [row.parent_id],
    );
  }
  const { study_id: studyId, parent_id: parentId, slide_id: slideId, created_by: createdBy, ...rest } = row;
  const { done_before: doneBefore, ...same } = rest;
  return { ...same, studyId, parentId, slideId, createdBy, doneBefore, lease, leaseSeconds: worker.leaseSeconds };
};

/** Thrown when another worker took the job over or somebody cancelled it: this attempt must not write any more. */
export class LeaseLostError extends Error {
  constructor(jobId: string) {
    super(`Job ${jobId} is no longer this worker's.`);
    this.name = "LeaseLostError";
  }
}

/** Thrown where this worker cannot do a job that another may do: it goes back, and that says nothing of the job. */
export class WorkerUnfitError extends HistoError {}

/** Thrown by a handler that finds other jobs under way which its own needs: it is queued again behind them. */
export class NeedsJobsError extends Error {
  readonly jobIds: readonly string[];
  constructor(jobIds: readonly string[]) {
    super(`${jobIds.length} other jobs have to end first.`);
    this.name = "NeedsJobsError";
    this.jobIds = jobIds;
  }
}

/**
 * Progress, written in the same transaction as the work it counts, so that neither exists without the other. What begins at
 * nothing again comes no further than the attempt before it until it has passed it.
 * @throws LeaseLostError, which rolls that work back
 */
export const recordProgress = async (
  client: Queryable,
  job: ClaimedJob,
  progress: { done: number; total: number; restart?: boolean; message?: string },
): Promise<void> => {
  const { rowCount } = await client.query(
    `UPDATE job SET done = $3, total = $4, message = $5, lease_until = ${leaseEnd("$6")},
       setbacks = CASE WHEN $3 > $7::int THEN 0 ELSE setbacks END${progress.restart ? ", done_before = $3" : ""}
     WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, progress.done, progress.total, progress.message ?? null, job.leaseSeconds, job.doneBefore],
  );
  if (rowCount !== 1) throw new LeaseLostError(job.id);
};

/**
 * Tells what a job is doing before there is anything to count.
 * @throws LeaseLostError
 */
export const recordMessage = async (client: Queryable, job: ClaimedJob, message: string): Promise<void> => {
  const { rowCount } = await client.query(
    "UPDATE job SET message = $3 WHERE id = $1 AND lease = $2 AND state = 'RUNNING'",
    [job.id, job.lease, message],
  );
  if (rowCount !== 1) throw new LeaseLostError(job.id);
};

/**
 * Writes down what a job turned out to be asked for when it began, so that the next attempt does the same.
 * @throws LeaseLostError
 */
export const settlePayload = async (
  client: Queryable,
  job: ClaimedJob,
  payload: Record<string, unknown>,
  resultId?: string,
): Promise<void> => {
  const { rowCount } = await client.query(
    `UPDATE job SET payload = $3, result_id = coalesce($4, result_id)
     WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, payload, resultId ?? null],
  );
  if (rowCount !== 1) throw new LeaseLostError(job.id);
};
