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
  parts: number;
  parts_done: number;
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
    message: row.message ?? (row.parts > 0 ? `${row.parts_done} patches so far` : null),
  };
};

/** Progress of jobs in the order asked; a parent also says how many patches its slides have together. */
export const loadJobProgress = async (client: Queryable, ids: readonly string[]): Promise<JobProgress[]> => {
  const { rows } = await client.query<ProgressRow>(
    `SELECT job.id, job.done, job.total, job.unit, job.message, job.state = 'RUNNING' AS is_running, job.done_before,
       extract(epoch FROM coalesce(job.finished_at, now()) - job.started_at)::float8 AS seconds,
       coalesce(parts.number, 0)::int AS parts, coalesce(parts.done, 0)::int AS parts_done
     FROM job LEFT JOIN LATERAL (
       SELECT count(*) AS number, sum(child.done) AS done FROM job AS child WHERE child.parent_id = job.id
     ) AS parts ON true
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
