import { HistoError } from "../platform/errors.ts";
import type { Queryable } from "../store/database.ts";
import type { ClaimedJob, Failure, QueuedJob } from "./jobs.ts";

/**
 * Jobs that need others, and parents that count their parts. All that changes more than one job of a study does so one after
 * the other, under a lock that is taken first: the end of one job may queue, fail or cancel any other.
 */

/** Any number will do, as long as it is not that of the migrations. */
const ADVISORY_LOCK = 72_707_370;

/** Inside a transaction, before any job is looked at. */
export const lockJobs = async (client: Queryable, studyId: number | null): Promise<void> => {
  await client.query("SELECT pg_advisory_xact_lock($1::int, $2::int)", [ADVISORY_LOCK, studyId ?? 0]);
};

const OPEN = "('QUEUED', 'RUNNING')";

/**
 * Lets `jobIds[i]`, queued and not yet announced, wait for `needsIds[i]`. Those that have succeeded are not waited for.
 * Under `lockJobs`, since the moment at which the needed ones were seen open.
 */
export const addNeeds = async (
  client: Queryable,
  jobIds: readonly string[],
  needsIds: readonly string[],
): Promise<void> => {
  await client.query(
    `WITH added AS (
       INSERT INTO job_dependency (job_id, needs_id)
       SELECT DISTINCT pair.job_id, pair.needs_id FROM unnest($1::uuid[], $2::uuid[]) AS pair (job_id, needs_id)
       ON CONFLICT DO NOTHING RETURNING job_id, needs_id
     ), counted AS (
       SELECT added.job_id AS id, count(*)::int AS number FROM added JOIN job AS needed ON needed.id = added.needs_id
       WHERE needed.state <> 'SUCCEEDED' GROUP BY added.job_id
     )
     UPDATE job SET waiting_for = waiting_for + counted.number FROM counted WHERE job.id = counted.id`,
    [jobIds, needsIds],
  );
};

/** Those of the jobs that have not ended yet. Under `lockJobs`, they do not end before the transaction does. */
export const findOpen = async (client: Queryable, ids: readonly string[]): Promise<string[]> => {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM job WHERE id = ANY($1::uuid[]) AND state IN ${OPEN}`,
    [ids],
  );
  return rows.map(({ id }) => id);
};

/** Brings parents in line with their parts of the same kind, by counting them. */
const recountParents = async (client: Queryable, parentIds: readonly (string | null)[]): Promise<void> => {
  await client.query(
    `UPDATE job SET done = parts.ended, parts_done = parts.done, state = parts.state::job_state,
       finished_at = CASE WHEN parts.open = 0 THEN coalesce(job.finished_at, now()) END
     FROM (
       SELECT counted.*, CASE
           WHEN open > 0 THEN CASE WHEN was = 'QUEUED' THEN 'QUEUED' ELSE 'RUNNING' END
           WHEN succeeded = total THEN 'SUCCEEDED'
           WHEN cancelled > 0 THEN 'CANCELLED'
           WHEN succeeded > 0 THEN 'PARTLY_FAILED'
           ELSE 'FAILED' END AS state
       FROM (
         SELECT parent.id, parent.state AS was, count(*) AS total,
           count(*) FILTER (WHERE part.state IN ${OPEN}) AS open,
           count(*) FILTER (WHERE part.state NOT IN ${OPEN})::int AS ended,
           count(*) FILTER (WHERE part.state = 'SUCCEEDED') AS succeeded,
           count(*) FILTER (WHERE part.state = 'CANCELLED') AS cancelled,
           coalesce(sum(part.done) FILTER (WHERE part.state = 'SUCCEEDED'), 0) AS done
         FROM job AS parent JOIN job AS part ON part.parent_id = parent.id AND part.kind = parent.kind
         WHERE parent.id = ANY($1::uuid[]) GROUP BY parent.id
       ) AS counted
     ) AS parts WHERE job.id = parts.id`,
    [[...new Set(parentIds)].filter((id) => id !== null)],
  );
};

/** Adds parts that have just ended to their parents' counts; only the last part of a parent has all of them counted. */
const countEnded = async (client: Queryable, jobIds: readonly string[]): Promise<void> => {
  const { rows } = await client.query<{ id: string; isLast: boolean }>(
    `WITH ended AS (
       SELECT part.parent_id AS id, count(*)::int AS number, coalesce(sum(part.done) FILTER (WHERE part.state = 'SUCCEEDED'), 0) AS done
       FROM job AS part JOIN job AS parent ON parent.id = part.parent_id AND parent.kind = part.kind
       WHERE part.id = ANY($1::uuid[]) GROUP BY part.parent_id
     )
     UPDATE job SET done = job.done + ended.number, parts_done = parts_done + ended.done
     FROM ended WHERE job.id = ended.id RETURNING job.id, job.done >= job.total AS "isLast"`,
    [jobIds],
  );
  const last = rows.filter(({ isLast }) => isLast).map(({ id }) => id);
  if (last.length > 0) await recountParents(client, last);
};

/** Counts a success in those that wait for it; returns whom it was the last for. */
const releaseWaiting = async (client: Queryable, jobId: string): Promise<QueuedJob[]> => {
  const { rows } = await client.query<QueuedJob & { isReady: boolean }>(
    `UPDATE job SET waiting_for = waiting_for - 1 FROM job_dependency AS dependency
     WHERE dependency.needs_id = $1 AND job.id = dependency.job_id AND job.state = 'QUEUED' AND job.waiting_for > 0
     RETURNING job.id, job.kind, job.waiting_for = 0 AS "isReady"`,
    [jobId],
  );
  return rows.filter(({ isReady }) => isReady);
};

/** Open jobs that cannot be done any more without `$1`, however indirectly. */
const DEPENDENTS = `WITH RECURSIVE dependent AS (
    SELECT job_id AS id FROM job_dependency WHERE needs_id = ANY($1::uuid[])
    UNION
    SELECT next.job_id FROM dependent JOIN job_dependency AS next ON next.needs_id = dependent.id
  )`;

/** The same slide's next step fails of the same; what needs many slides says which of them it was. */
const inherited = (failure: Failure, slideKey: string | null): Pick<Failure, "message" | "fix"> => ({
  message: `This needs ${slideKey === null ? "another job" : `slide "${slideKey}"`}, which failed: ${failure.message}`,
  fix: `${failure.fix ?? "Look at that job."} retryJob tries again what failed before this, too.`,
});

/** Fails what needs a failed job, each naming why; returns their ids. */
const failDependents = async (
  client: Queryable,
  job: { id: string; slideId: number | null },
  failure: Failure,
): Promise<string[]> => {
  const { rows } = await client.query<{ id: string; slide_id: number | null }>(
    `${DEPENDENTS} UPDATE job SET state = 'FAILED', finished_at = now(), waiting_for = 0
     WHERE id IN (SELECT id FROM dependent) AND state = 'QUEUED' RETURNING id, slide_id`,
    [[job.id]],
  );
  if (rows.length === 0) return [];
  const { rows: slides } = await client.query<{ key: string }>("SELECT key FROM slide WHERE id = $1", [job.slideId]);
  const said = inherited(failure, slides[0]?.key ?? null);
  const isSame = ({ slide_id }: { slide_id: number | null }) => slide_id !== null && slide_id === job.slideId;
  await client.query(
    `INSERT INTO job_failure (job_id, code, message, fix, slide_id, cause_id)
     SELECT failed.id, $5, failed.message, failed.fix, $6, $4
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS failed (id, message, fix)`,
    [
      rows.map(({ id }) => id),
      rows.map((row) => (isSame(row) ? failure.message : said.message)),
      rows.map((row) => (isSame(row) ? (failure.fix ?? null) : said.fix)),
      job.id,
      failure.code,
      job.slideId,
    ],
  );
  return rows.map(({ id }) => id);
};

const writeFailure = async (
  client: Queryable,
  job: { id: string; slideId: number | null },
  failure: Failure,
): Promise<string[]> => {
  await client.query("INSERT INTO job_failure (job_id, code, message, fix, slide_id) VALUES ($1, $2, $3, $4, $5)", [
    job.id,
    failure.code,
    failure.message,
    failure.fix ?? null,
    failure.slideId ?? job.slideId,
  ]);
  return failDependents(client, job, failure);
};

/**
 * Ends an attempt for good, in a transaction of its own. Does nothing when the lease was lost meanwhile.
 * @returns jobs that waited for this one and may begin now, to be announced
 */
export const finishJob = async (client: Queryable, job: ClaimedJob, failure?: Failure): Promise<QueuedJob[]> => {
  await lockJobs(client, job.studyId);
  const { rowCount } = await client.query(
    `UPDATE job SET state = $3::job_state, finished_at = now(), lease = NULL, lease_until = NULL, start_after = NULL,
       setbacks = 0
     WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, failure ? "FAILED" : "SUCCEEDED"],
  );
  if (rowCount !== 1) return [];
  const failed = failure ? await writeFailure(client, job, failure) : [];
  const ready = failure ? [] : await releaseWaiting(client, job.id);
  if (job.parentId !== null || failed.length > 0) await countEnded(client, [job.id, ...failed]);
  return ready;
};

/** Gives a queued job up, in a transaction of its own. */
export const giveUpJob = async (
  client: Queryable,
  job: { id: string; studyId: number | null; slideId: number | null },
  failure: Failure,
): Promise<void> => {
  await lockJobs(client, job.studyId);
  const { rowCount } = await client.query(
    "UPDATE job SET state = 'FAILED', finished_at = now(), start_after = NULL WHERE id = $1 AND state = 'QUEUED'",
    [job.id],
  );
  if (rowCount !== 1) return;
  await countEnded(client, [job.id, ...(await writeFailure(client, job, failure))]);
};

/**
 * Cancels a job, its parts and what needs them; a running worker notices at its next batch. A part that prepares a slide
 * goes on where another job needs it, too; and so does what needed only parts that have succeeded. In a transaction of its own.
 * @returns how many were open
 */
export const cancelJobTree = async (client: Queryable, id: string, studyId: number | null): Promise<number> => {
  await lockJobs(client, studyId);
  const { rows: own } = await client.query<{ id: string }>(
    `SELECT job.id FROM job LEFT JOIN job AS parent ON parent.id = $1 AND job.parent_id = parent.id AND parent.kind <> job.kind
     WHERE (job.id = $1 OR job.parent_id = $1) AND job.state IN ${OPEN} AND NOT (parent.id IS NOT NULL AND EXISTS (
       SELECT FROM job_dependency AS dependency JOIN job AS other ON other.id = dependency.job_id
       WHERE dependency.needs_id = job.id AND other.state IN ${OPEN} AND other.parent_id IS DISTINCT FROM $1))`,
    [id],
  );
  const { rows } = await client.query<{ parent_id: string | null }>(
    `${DEPENDENTS} UPDATE job SET state = 'CANCELLED', finished_at = now(), lease = NULL, lease_until = NULL, start_after = NULL,
       waiting_for = 0
     WHERE (id = ANY($1::uuid[]) OR id IN (SELECT id FROM dependent)) AND state IN ${OPEN} RETURNING parent_id`,
    [own.map((row) => row.id)],
  );
  await recountParents(client, [id, ...rows.map((row) => row.parent_id)]);
  return rows.length;
};

/**
 * Keeps the rates of parents true whose parts are queued again: one that runs counts those parts a second time, one that had
 * ended begins anew with the first of them.
 */
const beginStretch = async (client: Queryable, parts: readonly QueuedJob[]): Promise<void> => {
  await client.query(
    `UPDATE job SET state = CASE WHEN job.state IN ${OPEN} THEN job.state ELSE 'QUEUED' END,
       done_before = done_before - again.number
     FROM (
       SELECT parent.id, count(*)::int AS number FROM job AS part
       JOIN job AS parent ON parent.id = part.parent_id AND parent.kind = part.kind
       WHERE part.id = ANY($1::uuid[]) GROUP BY parent.id
     ) AS again WHERE job.id = again.id`,
    [parts.map(({ id }) => id)],
  );
};

/**
 * Queues again what failed or was cancelled in a job, its parts and what these need, and forgets those failures. In a
 * transaction of its own; what is returned is to be announced.
 * @throws HistoError CONFLICT when nothing failed
 */
export const retryJobTree = async (client: Queryable, id: string, studyId: number | null): Promise<QueuedJob[]> => {
  await lockJobs(client, studyId);
  const { rows } = await client.query<QueuedJob & { parent_id: string | null; is_leaf: boolean }>(
    `WITH RECURSIVE again AS (
       SELECT id FROM job WHERE (id = $1 OR parent_id = $1) AND state IN ('FAILED', 'CANCELLED', 'PARTLY_FAILED')
       UNION
       SELECT needed.id FROM again JOIN job_dependency AS dependency ON dependency.job_id = again.id
       JOIN job AS needed ON needed.id = dependency.needs_id AND needed.state IN ('FAILED', 'CANCELLED')
     )
     UPDATE job SET state = 'QUEUED', finished_at = NULL, message = NULL, setbacks = 0, start_after = NULL,
       message_id = gen_random_uuid()
     WHERE id IN (SELECT id FROM again)
     RETURNING id, kind, parent_id, NOT EXISTS (SELECT FROM job AS part WHERE part.parent_id = job.id) AS is_leaf`,
    [id],
  );
  const leaves = rows.filter((row) => row.is_leaf);
  if (leaves.length === 0) {
    throw new HistoError("CONFLICT", "Nothing in this job has failed or was cancelled.", {
      fix: "Look at `state` and `failures`; a running job may be cancelled first.",
    });
  }
  await client.query(
    `UPDATE job SET waiting_for = (
       SELECT count(*) FROM job_dependency AS dependency JOIN job AS needed ON needed.id = dependency.needs_id
       WHERE dependency.job_id = job.id AND needed.state <> 'SUCCEEDED')
     WHERE id = ANY($1::uuid[])`,
    [leaves.map((row) => row.id)],
  );
  await client.query("DELETE FROM job_failure WHERE job_id = ANY($1::uuid[])", [rows.map((row) => row.id)]);
  const parents = rows.map((row) => row.parent_id);
  await beginStretch(client, leaves);
  await recountParents(client, parents);
  await client.query("UPDATE job SET done_before = done WHERE id = ANY($1::uuid[]) AND state = 'QUEUED'", [
    [...new Set(parents)].filter((parent) => parent !== null),
  ]);
  return leaves;
};
