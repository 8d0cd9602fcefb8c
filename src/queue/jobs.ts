import { randomUUID } from "node:crypto";
import { type ErrorCode, HistoError } from "../platform/errors.ts";
import type { Queryable } from "../store/database.ts";

/** The kinds of work that a message can ask for; lower-case names of pg-boss queues. */
export type JobKind = "INGEST" | "TILE" | "EMBED" | "CODEBOOK" | "TRAIN" | "SCORE" | "IMPORT" | "EXPORT" | "INDEX";
export type JobState = "QUEUED" | "RUNNING" | "SUCCEEDED" | "PARTLY_FAILED" | "FAILED" | "CANCELLED";

export type NewJob = {
  kind: JobKind;
  studyId: number | null;
  createdBy: string;
  unit: string;
  payload: Record<string, unknown>;
  resultId?: string | null;
};

export type ClaimedJob = {
  id: string;
  kind: JobKind;
  studyId: number | null;
  slideId: number | null;
  payload: Record<string, unknown>;
  attempts: number;
  /** Names this attempt; every write of the worker is conditional on it. */
  lease: string;
};

export type Failure = { code: ErrorCode; message: string; fix?: string | undefined; slideId?: number | null };

export const LEASE_SECONDS = 60;

const leaseEnd = `now() + interval '${LEASE_SECONDS} seconds'`;

/** A job that a worker takes as a whole. */
export const insertJob = async (client: Queryable, job: NewJob): Promise<string> => {
  const id = randomUUID();
  await client.query(
    `INSERT INTO job (id, kind, study_id, payload, unit, result_id, created_by)
     VALUES ($1, $2::job_kind, $3, $4, $5, $6, $7)`,
    [id, job.kind, job.studyId, job.payload, job.unit, job.resultId ?? null, job.createdBy],
  );
  return id;
};

/** A parent and one child a slide; the children are what workers take. */
export const insertJobTree = async (
  client: Queryable,
  parent: NewJob,
  slideIds: readonly number[],
): Promise<{ parentId: string; childIds: string[] }> => {
  const parentId = randomUUID();
  await client.query(
    `INSERT INTO job (id, kind, study_id, payload, unit, result_id, created_by, total)
     VALUES ($1, $2::job_kind, $3, $4, 'slides', $5, $6, $7)`,
    [parentId, parent.kind, parent.studyId, parent.payload, parent.resultId ?? null, parent.createdBy, slideIds.length],
  );
  const childIds = slideIds.map(() => randomUUID());
  await client.query(
    `INSERT INTO job (id, kind, study_id, parent_id, slide_id, payload, unit, result_id, created_by)
     SELECT child.id, $3::job_kind, $4, $5::uuid, child.slide_id, $6, $7, $8, $9
     FROM unnest($1::uuid[], $2::int[]) AS child(id, slide_id)`,
    [
      childIds,
      slideIds,
      parent.kind,
      parent.studyId,
      parentId,
      parent.payload,
      parent.unit,
      parent.resultId ?? null,
      parent.createdBy,
    ],
  );
  return { parentId, childIds };
};

/** A parent and one child a file, each with a payload of its own; the children are what workers take. */
export const insertFileJobs = async (
  client: Queryable,
  parent: NewJob,
  payloads: readonly Record<string, unknown>[],
): Promise<{ parentId: string; childIds: string[] }> => {
  const parentId = randomUUID();
  const { kind, studyId, payload, resultId = null, createdBy, unit } = parent;
  await client.query(
    `INSERT INTO job (id, kind, study_id, payload, unit, result_id, created_by, total)
     VALUES ($1, $2::job_kind, $3, $4, 'files', $5, $6, $7)`,
    [parentId, kind, studyId, payload, resultId, createdBy, payloads.length],
  );
  const childIds = payloads.map(() => randomUUID());
  await client.query(
    `INSERT INTO job (id, kind, study_id, parent_id, payload, unit, result_id, created_by)
     SELECT child.id, $3::job_kind, $4, $5::uuid, child.payload, $6, $7, $8
     FROM unnest($1::uuid[], $2::jsonb[]) AS child(id, payload)`,
    [childIds, payloads.map((each) => JSON.stringify(each)), kind, studyId, parentId, unit, resultId, createdBy],
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

type ClaimedRow = {
  id: string;
  kind: JobKind;
  study_id: number | null;
  slide_id: number | null;
  parent_id: string | null;
  payload: Record<string, unknown>;
  attempts: number;
};

/** Takes a queued job for one attempt; null when it was cancelled or somebody else has it. */
export const claimJob = async (client: Queryable, id: string): Promise<ClaimedJob | null> => {
  const lease = randomUUID();
  const { rows } = await client.query<ClaimedRow>(
    `WITH claimed AS (
       UPDATE job SET state = 'RUNNING', lease = $2, lease_until = ${leaseEnd}, attempts = attempts + 1,
         started_at = now(), done_before = done, message = NULL
       WHERE id = $1 AND state = 'QUEUED' RETURNING id, kind, study_id, slide_id, parent_id, payload, attempts
     ), begun AS (
       UPDATE job SET state = 'RUNNING', attempts = attempts + 1, started_at = now()
       WHERE id = (SELECT parent_id FROM claimed) AND state = 'QUEUED'
     )
     SELECT * FROM claimed`,
    [id, lease],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    id: row.id,
    kind: row.kind,
    studyId: row.study_id,
    slideId: row.slide_id,
    payload: row.payload,
    attempts: row.attempts,
    lease,
  };
};

/** Thrown when another worker took the job over or somebody cancelled it: this attempt must not write any more. */
export class LeaseLostError extends Error {
  constructor(jobId: string) {
    super(`Job ${jobId} is no longer this worker's.`);
    this.name = "LeaseLostError";
  }
}

/** Keeps the lease. @throws LeaseLostError */
export const renewLease = async (client: Queryable, job: ClaimedJob): Promise<void> => {
  const { rowCount } = await client.query(
    `UPDATE job SET lease_until = ${leaseEnd} WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease],
  );
  if (rowCount !== 1) throw new LeaseLostError(job.id);
};

/**
 * Progress, written in the same transaction as the work it counts, so that neither exists without the other.
 * @throws LeaseLostError, which rolls that work back
 */
export const recordProgress = async (
  client: Queryable,
  job: ClaimedJob,
  progress: { done: number; total: number; restart?: boolean; message?: string },
): Promise<void> => {
  const { rowCount } = await client.query(
    `UPDATE job SET done = $3, total = $4, message = $5, lease_until = ${leaseEnd}${progress.restart ? ", done_before = $3" : ""}
     WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, progress.done, progress.total, progress.message ?? null],
  );
  if (rowCount !== 1) throw new LeaseLostError(job.id);
};

/** Brings a parent's state and count in line with its children's. */
const settleParent = async (client: Queryable, childId: string): Promise<void> => {
  // The lock makes two children that end together see each other.
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM job WHERE id = (SELECT parent_id FROM job WHERE id = $1) FOR UPDATE",
    [childId],
  );
  const parent = rows[0];
  if (!parent) return;
  await client.query(
    `WITH children AS (
       SELECT count(*) FILTER (WHERE state IN ('QUEUED', 'RUNNING')) AS open,
              count(*) FILTER (WHERE state = 'SUCCEEDED') AS succeeded,
              count(*) FILTER (WHERE state = 'CANCELLED') AS cancelled,
              count(*) AS total
       FROM job WHERE parent_id = $1
     )
     UPDATE job SET
       done = total_done.value,
       state = CASE
         WHEN children.open > 0 THEN CASE WHEN job.state = 'QUEUED' THEN 'QUEUED' ELSE 'RUNNING' END
         WHEN children.succeeded = children.total THEN 'SUCCEEDED'
         WHEN children.cancelled > 0 THEN 'CANCELLED'
         WHEN children.succeeded > 0 THEN 'PARTLY_FAILED'
         ELSE 'FAILED' END::job_state,
       finished_at = CASE WHEN children.open = 0 THEN now() END
     FROM children, LATERAL (SELECT (children.total - children.open)::int AS value) AS total_done
     WHERE job.id = $1`,
    [parent.id],
  );
};

/** Ends an attempt for good. Does nothing when the lease was lost meanwhile. */
export const finishJob = async (client: Queryable, job: ClaimedJob, failure?: Failure): Promise<void> => {
  const { rowCount } = await client.query(
    `UPDATE job SET state = $3::job_state, finished_at = now(), lease = NULL, lease_until = NULL
     WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, failure ? "FAILED" : "SUCCEEDED"],
  );
  if (rowCount !== 1) return;
  if (failure) {
    await client.query("INSERT INTO job_failure (job_id, code, message, fix, slide_id) VALUES ($1, $2, $3, $4, $5)", [
      job.id,
      failure.code,
      failure.message,
      failure.fix ?? null,
      failure.slideId ?? job.slideId,
    ]);
  }
  await settleParent(client, job.id);
};

/** Gives an attempt back to the queue, unfinished; its checkpoint stays. */
export const releaseJob = (client: Queryable, job: ClaimedJob) =>
  client.query(
    "UPDATE job SET state = 'QUEUED', lease = NULL, lease_until = NULL WHERE id = $1 AND lease = $2 AND state = 'RUNNING'",
    [job.id, job.lease],
  );

/**
 * Puts back what a dead worker held.
 * @param everything true where no other worker can exist (embedded database)
 */
export const requeueAbandoned = async (
  client: Queryable,
  everything: boolean,
): Promise<{ id: string; kind: JobKind }[]> => {
  const { rows } = await client.query<{ id: string; kind: JobKind }>(
    `UPDATE job SET state = 'QUEUED', lease = NULL, lease_until = NULL
     WHERE state = 'RUNNING' AND lease IS NOT NULL AND ($1 OR lease_until < now()) RETURNING id, kind`,
    [everything],
  );
  return rows;
};

/** Cancels a job and its children; a running worker notices at its next batch. Returns how many were open. */
export const cancelJobTree = async (client: Queryable, id: string): Promise<number> => {
  const { rowCount } = await client.query(
    `UPDATE job SET state = 'CANCELLED', finished_at = now(), lease = NULL, lease_until = NULL
     WHERE (id = $1 OR parent_id = $1) AND state IN ('QUEUED', 'RUNNING')`,
    [id],
  );
  await settleParent(client, id);
  return rowCount ?? 0;
};

/**
 * Queues again what failed or was cancelled in a job or its children, and forgets those failures.
 * @throws HistoError CONFLICT when nothing failed
 */
export const retryJobTree = async (client: Queryable, id: string): Promise<{ id: string; kind: JobKind }[]> => {
  const { rows } = await client.query<{ id: string; kind: JobKind; is_leaf: boolean }>(
    `UPDATE job SET state = 'QUEUED', finished_at = NULL, message = NULL, attempts = 0
     WHERE (id = $1 OR parent_id = $1) AND state IN ('FAILED', 'CANCELLED', 'PARTLY_FAILED')
     RETURNING id, kind, NOT EXISTS (SELECT FROM job AS child WHERE child.parent_id = job.id) AS is_leaf`,
    [id],
  );
  const leaves = rows.filter((row) => row.is_leaf);
  if (leaves.length === 0) {
    throw new HistoError("CONFLICT", "Nothing in this job has failed or was cancelled.", {
      fix: "Look at `state` and `failures`; a running job may be cancelled first.",
    });
  }
  const ids = rows.map((row) => row.id);
  await client.query("DELETE FROM job_failure WHERE job_id = ANY($1::uuid[])", [ids]);
  await client.query(
    "UPDATE job SET state = 'RUNNING', finished_at = NULL WHERE id = (SELECT parent_id FROM job WHERE id = $1)",
    [id],
  );
  await settleParent(client, leaves[0]?.id ?? id);
  return leaves.map(({ id: leaf, kind }) => ({ id: leaf, kind }));
};
