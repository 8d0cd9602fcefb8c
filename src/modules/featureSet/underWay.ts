import { addNeeds, lockJobs } from "../../queue/graph.ts";
import { insertJob, type NewJob } from "../../queue/jobs.ts";
import type { Queryable } from "../../store/database.ts";
import { type Condition, conditionSql, createParameters, EVERYTHING } from "../../store/filterSql.ts";

/**
 * Open jobs that bring vectors of slides that pass a condition into a feature set. Of an import that makes the feature set, files
 * that have not come yet know it only by their parent.
 */
const readFilling = async (client: Queryable, featureSetId: number, condition: Condition): Promise<string[]> => {
  const parameters = createParameters([String(featureSetId)]);
  const { rows } = await client.query<{ id: string }>(
    `SELECT job.id FROM job LEFT JOIN slide ON slide.id = job.slide_id
     WHERE job.kind IN ('EMBED', 'IMPORT') AND job.state IN ('QUEUED', 'RUNNING')
       AND (job.result_id = $1 OR (job.result_id IS NULL AND job.parent_id IN (
         SELECT id FROM job WHERE kind = 'IMPORT' AND result_id = $1 AND parent_id IS NULL)))
       AND CASE WHEN slide.id IS NULL THEN NOT EXISTS (SELECT FROM job AS part WHERE part.parent_id = job.id)
         ELSE ${conditionSql(condition, "slide", parameters)} END
     ORDER BY job.id`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
};

/** Whether slides are on their way into a feature set. */
export const isBeingFilled = async (client: Queryable, featureSetId: number): Promise<boolean> =>
  (await readFilling(client, featureSetId, EVERYTHING)).length > 0;

/** Open jobs that make a codebook build, or assign slides that came later to it. */
export const readAssigning = async (client: Queryable, buildId: number): Promise<string[]> => {
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM job WHERE kind = 'CODEBOOK' AND result_id = $1 AND state IN ('QUEUED', 'RUNNING')",
    [String(buildId)],
  );
  return rows.map(({ id }) => id);
};

/** What a job reads: the vectors of some slides of a feature set, and the clusters that a codebook puts them into. */
export type Reads = { featureSetId: number; condition: Condition; codebookBuildId?: number | undefined };

/**
 * Queues a job behind those that still make what it reads. Asked for in the same words while it waits, it is the same job, and
 * waits for what has been asked for since, too. In a transaction.
 * @returns the job's id; null when nothing that it reads is under way
 */
export const queueBehind = async (client: Queryable, job: NewJob, reads: Reads): Promise<string | null> => {
  const { featureSetId, condition, codebookBuildId } = reads;
  await lockJobs(client, job.studyId);
  const needs = [
    ...(await readFilling(client, featureSetId, condition)),
    ...(codebookBuildId === undefined ? [] : await readAssigning(client, codebookBuildId)),
  ];
  if (needs.length === 0) return null;
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM job WHERE kind = $1::job_kind AND study_id = $2 AND state = 'QUEUED' AND waiting_for > 0
       AND payload = $3::jsonb AND result_id IS NOT DISTINCT FROM $4`,
    [job.kind, job.studyId, job.payload, job.resultId ?? null],
  );
  const id = rows[0]?.id ?? (await insertJob(client, job));
  await addNeeds(
    client,
    needs.map(() => id),
    needs,
  );
  return id;
};
