import type { Queryable } from "../store/database.ts";
import { type ClaimedJob, LeaseLostError, leaseEnd, type QueuedJob } from "./jobs.ts";

/** Keeps the lease. @throws LeaseLostError */
export const renewLease = async (client: Queryable, job: ClaimedJob): Promise<void> => {
  const { rowCount } = await client.query(
    `UPDATE job SET lease_until = ${leaseEnd("$3")} WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, job.leaseSeconds],
  );
  if (rowCount !== 1) throw new LeaseLostError(job.id);
};

/** Attempts in a row before this one that came no further; none once this one has. */
export const readSetbacks = async (client: Queryable, job: ClaimedJob): Promise<number> => {
  const { rows } = await client.query<{ setbacks: number }>("SELECT setbacks FROM job WHERE id = $1", [job.id]);
  return rows[0]?.setbacks ?? job.setbacks;
};

/**
 * Gives an attempt back to the queue, unfinished; its checkpoint stays.
 * @param after seconds before the next one may begin; left out, at once, and this attempt does not count as a setback
 * @returns whether it was still this worker's
 */
export const releaseJob = async (client: Queryable, job: ClaimedJob, after?: number): Promise<boolean> => {
  const { rowCount } = await client.query(
    `UPDATE job SET state = 'QUEUED', lease = NULL, lease_until = NULL, message_id = gen_random_uuid(),
       start_after = now() + make_interval(secs => $3::float8),
       setbacks = setbacks + CASE WHEN $3::float8 IS NULL THEN 0 ELSE 1 END
     WHERE id = $1 AND lease = $2 AND state = 'RUNNING'`,
    [job.id, job.lease, after ?? null],
  );
  return rowCount === 1;
};

/** What a job had come to when its worker died. */
export type AbandonedJob = QueuedJob & { studyId: number | null; slideId: number | null; setbacks: number };

/**
 * Puts back what a dead worker held.
 * @param everything true where no other worker can exist (embedded database)
 * @param held leases of this process, which lives however late its heartbeats come
 */
export const requeueAbandoned = async (
  client: Queryable,
  everything: boolean,
  held: readonly string[],
): Promise<AbandonedJob[]> => {
  const { rows } = await client.query<AbandonedJob>(
    `UPDATE job SET state = 'QUEUED', lease = NULL, lease_until = NULL, message_id = gen_random_uuid(), start_after = NULL,
       setbacks = setbacks + 1
     WHERE state = 'RUNNING' AND lease IS NOT NULL AND ($1 OR lease_until < now()) AND lease <> ALL ($2::uuid[])
     RETURNING id, kind, study_id AS "studyId", slide_id AS "slideId", setbacks`,
    [everything, held],
  );
  return rows;
};
