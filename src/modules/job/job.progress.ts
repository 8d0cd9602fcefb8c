import { PARTS_DONE } from "../../queue/jobs.ts";
import type { Queryable } from "../../store/database.ts";

/** The GraphQL type Progress. */
export type JobProgress = {
  done: number;
  total: number | null;
  unit: string;
  perSecond: number | null;
  secondsLeft: number | null;
  message: string | null;
};

type ProgressRow = {
  id: string;
  done: number;
  total: number | null;
  unit: string;
  message: string | null;
  is_running: boolean;
  seconds: number | null;
  done_before: number;
  is_parent: boolean;
  parts_done: number;
  waiting_for: number;
  setbacks: number;
  retries_in: number | null;
};

const inWords = (row: ProgressRow): string | null => {
  if (row.waiting_for > 0) return `Waits for ${row.waiting_for} ${row.waiting_for === 1 ? "job" : "jobs"} to end`;
  if (row.retries_in !== null && row.retries_in > 0) {
    return `Stopped ${row.setbacks} ${row.setbacks === 1 ? "time" : "times"}; tried again in ${Math.ceil(row.retries_in)} s`;
  }
  return row.message ?? (row.is_parent ? `${row.parts_done} patches so far` : null);
};

const toProgress = (row: ProgressRow): JobProgress => {
  const doneNow = row.done - row.done_before;
  const perSecond = row.seconds !== null && row.seconds > 0 && doneNow > 0 ? doneNow / row.seconds : null;
  const left = row.total === null ? null : row.total - row.done;
  return {
    done: row.done,
    total: row.total,
    unit: row.unit,
    perSecond,
    secondsLeft: row.is_running && perSecond !== null && left !== null ? left / perSecond : null,
    message: inWords(row),
  };
};

/** Progress of jobs in the order asked; a parent also says how many patches its slides have together. */
export const loadJobProgress = async (client: Queryable, ids: readonly string[]): Promise<JobProgress[]> => {
  const { rows } = await client.query<ProgressRow>(
    `SELECT job.id, job.done, job.total, job.unit, job.message, job.state = 'RUNNING' AS is_running, job.done_before,
       extract(epoch FROM coalesce(job.finished_at, now()) - job.started_at)::float8 AS seconds,
       job.unit IN ('slides', 'files') AND EXISTS (SELECT FROM job AS part WHERE part.parent_id = job.id) AS is_parent,
       ${PARTS_DONE} AS parts_done,
       job.waiting_for, job.setbacks,
       CASE WHEN job.state = 'QUEUED' THEN extract(epoch FROM job.start_after - now())::float8 END AS retries_in
     FROM job
     WHERE job.id = ANY($1::uuid[])`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, toProgress(row)]));
  const unknown: JobProgress = {
    done: 0,
    total: null,
    unit: "patches",
    perSecond: null,
    secondsLeft: null,
    message: null,
  };
  return ids.map((id) => byId.get(id) ?? unknown);
};
