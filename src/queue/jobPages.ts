import type { Queryable } from "../store/database.ts";

/** The children of a job, or the failures of a job and of its children. */
export type JobList = "children" | "failures";

/** Up to `take` of a job's list behind the last one seen. */
export type JobPageRequest = { jobId: string; take: number; after: JobPosition | undefined };

/** Of a child its time and id, of a failure its number. */
export type JobPosition = { createdAt: string; id: string } | { id: number };

const CHILDREN = {
  rows: "FROM job AS child WHERE child.parent_id = parent.id",
  id: "child.id::text",
  orderBy: "child.created_at DESC, child.id DESC",
  after: "(child.created_at, child.id) < ($3::timestamptz, $4::uuid)",
} as const;

/**
 * A failure of a child is one of its parent too, unless another child's failure caused it; two halves, because each has an
 * index and their union has none.
 */
const FAILURES = {
  rows: `FROM (
      SELECT failure.* FROM job_failure AS failure WHERE failure.job_id = parent.id
      UNION ALL
      SELECT failure.* FROM job AS child JOIN job_failure AS failure ON failure.job_id = child.id WHERE child.parent_id = parent.id
        AND NOT EXISTS (SELECT FROM job AS cause WHERE cause.id = failure.cause_id AND cause.parent_id = parent.id)
    ) AS child WHERE true`,
  id: "child.id::text",
  orderBy: "child.id ASC",
  after: "child.id > $3::int",
} as const;

const LISTS = { children: CHILDREN, failures: FAILURES } as const;

const positionValues = (after: JobPosition | undefined): unknown[] =>
  after === undefined ? [] : "createdAt" in after ? [after.createdAt, after.id] : [after.id];

const readAlike = async (
  client: Queryable,
  list: JobList,
  requests: readonly JobPageRequest[],
): Promise<Map<string, string[]>> => {
  const { rows, id, orderBy, after } = LISTS[list];
  const [{ take, after: position } = { take: 0, after: undefined }] = requests;
  const found = await client.query<{ parent: string; ids: string[] }>(
    `SELECT parent.id AS parent, ARRAY(
       SELECT ${id} ${rows} ${position ? `AND ${after}` : ""} ORDER BY ${orderBy} LIMIT $2) AS ids
     FROM unnest($1::uuid[]) AS parent (id)`,
    [requests.map(({ jobId }) => jobId), take, ...positionValues(position)],
  );
  return new Map(found.rows.map((row) => [row.parent, row.ids]));
};

/** Ids of each page in order; jobs that are asked for the same page are read together. */
export const readJobPages = async (
  client: Queryable,
  list: JobList,
  requests: readonly JobPageRequest[],
): Promise<string[][]> => {
  const nameOf = ({ take, after }: JobPageRequest) => JSON.stringify([take, after]);
  const pages = new Map<string, Map<string, string[]>>();
  for (const [name, alike] of Map.groupBy(requests, nameOf)) pages.set(name, await readAlike(client, list, alike));
  return requests.map((request) => pages.get(nameOf(request))?.get(request.jobId) ?? []);
};

/** How many there are on all pages of each job's list. */
export const countJobLists = async (client: Queryable, list: JobList, jobIds: readonly string[]): Promise<number[]> => {
  const { rows } = await client.query<{ parent: string; number: number }>(
    `SELECT parent.id AS parent, (SELECT count(*) ${LISTS[list].rows}) AS number FROM unnest($1::uuid[]) AS parent (id)`,
    [jobIds],
  );
  const numbers = new Map(rows.map(({ parent, number }) => [parent, number]));
  return jobIds.map((id) => numbers.get(id) ?? 0);
};
