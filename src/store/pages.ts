import type { Queryable } from "./database.ts";
import {
  type Condition,
  conditionSql,
  createParameters,
  type Ordering,
  orderSql,
  type Parameters,
  type Position,
  type Subject,
} from "./filterSql.ts";
import type { Patient, Slide } from "./generated/client.ts";

/** Whose rows are listed. Patients are listed of studies only. */
export type Parent = { kind: "study" | "patient" | "featureSet"; id: number };

/** All rows of a parent that pass a condition. */
export type CountRequest = { parent: Parent; condition: Condition };

/** Up to `take` of them in order, behind a position. */
export type PageRequest = CountRequest & {
  orderings: readonly Ordering[];
  after: Position | undefined;
  take: number;
};

export type Placed<Row> = { row: Row; position: Position };

export type Rows = { patient: Patient; slide: Slide };

const COLUMNS: Record<Subject, readonly (readonly [column: string, field: string])[]> = {
  patient: [
    ["id", "id"],
    ["study_id", "studyId"],
    ["key", "key"],
    ["clinical", "clinical"],
    ["survival", "survival"],
    ["created_at", "createdAt"],
  ],
  slide: [
    ["id", "id"],
    ["study_id", "studyId"],
    ["patient_id", "patientId"],
    ["key", "key"],
    ["specimen", "specimen"],
    ["stain", "stain"],
    ["clinical", "clinical"],
    ["created_at", "createdAt"],
  ],
};

const columnsOf = (subject: Subject): string =>
  COLUMNS[subject].map(([column, field]) => `${subject}.${column} AS "${field}"`).join(", ");

const fromParent = (subject: Subject, kind: Parent["kind"], id: string): string => {
  switch (kind) {
    case "study":
      return `FROM ${subject} WHERE ${subject}.study_id = ${id}`;
    case "patient":
      return `FROM ${subject} WHERE ${subject}.patient_id = ${id}`;
    case "featureSet":
      return `FROM ${subject} JOIN slide_features AS made ON made.slide_id = ${subject}.id AND made.vectors > 0 WHERE made.feature_set_id = ${id}`;
  }
};

/** Requests that differ in nothing but the parent's id: one part of the statement serves them all. */
const alike = <Request extends CountRequest>(requests: readonly Request[]): [Request, ...Request[]][] =>
  [...Map.groupBy(requests, ({ parent, ...rest }) => JSON.stringify({ ...rest, kind: parent.kind })).values()] as [
    Request,
    ...Request[],
  ][];

const parentIds = (group: readonly CountRequest[]): number[] => group.map(({ parent }) => parent.id);

/**
 * One SELECT for all parents of a group. A single parent is named as a constant, so that the planner can use the indexes
 * of its study.
 */
const forParents = (parents: readonly number[], parameters: Parameters, select: (parent: string) => string): string => {
  const [only, ...more] = parents;
  if (only !== undefined && more.length === 0) {
    const id = `${parameters.add(only)}::int`;
    return `SELECT ${id} AS parent, found.* FROM (${select(id)}) AS found`;
  }
  return `SELECT parent.id AS parent, found.* FROM unnest(${parameters.add(parents)}::int[]) AS parent (id) CROSS JOIN LATERAL (${select("parent.id")}) AS found`;
};

type FirstValue = "any" | "known" | "missing";

const pageSql = (
  subject: Subject,
  { parent, condition, orderings, after, take }: PageRequest,
  id: string,
  parameters: Parameters,
  firstValue: FirstValue,
): string => {
  const order = orderSql(orderings, subject, parameters, after, firstValue === "known");
  const isFirst =
    firstValue === "any" || order.first === undefined
      ? ""
      : ` AND ${order.first} IS ${firstValue === "known" ? "NOT NULL" : "NULL"}`;
  return `SELECT row_number() OVER () AS place, page.* FROM (SELECT ${columnsOf(subject)}, ${order.position} AS position ${fromParent(subject, parent.kind, id)} AND ${conditionSql(condition, subject, parameters)}${isFirst} AND ${order.after} ORDER BY ${order.orderBy} LIMIT ${parameters.add(take)}) AS page`;
};

const readGroups = async <S extends Subject>(
  client: Queryable,
  subject: S,
  requests: readonly PageRequest[],
  firstValue: FirstValue,
): Promise<Placed<Rows[S]>[][]> => {
  const parameters = createParameters();
  const groups = alike(requests);
  const parts = groups.map(
    (group, index) =>
      `SELECT ${index} AS part, part.* FROM (${forParents(parentIds(group), parameters, (id) => pageSql(subject, group[0], id, parameters, firstValue))}) AS part`,
  );
  const { rows } = await client.query<
    Rows[S] & { part: number; parent: number; place: number; position: (string | null)[] }
  >(parts.join(" UNION ALL "), parameters.values);
  const found = new Map<string, { place: number; placed: Placed<Rows[S]> }[]>();
  for (const { part, parent, place, position, ...row } of rows) {
    const name = `${part}/${parent}`;
    const page = found.get(name) ?? [];
    page.push({ place, placed: { row: row as unknown as Rows[S], position } });
    found.set(name, page);
  }
  const pages = new Map(
    groups.flatMap((group, index) =>
      group.map((request) => {
        const page = found.get(`${index}/${request.parent.id}`) ?? [];
        return [request, page.sort((a, b) => a.place - b.place).map(({ placed }) => placed)] as const;
      }),
    ),
  );
  return requests.map((request) => pages.get(request) ?? []);
};

/**
 * The first page or one behind a position, by an attribute: first those that have a value, which an index gives in order,
 * then, only where they do not fill the page, those without.
 */
const readByAttribute = async <S extends Subject>(
  client: Queryable,
  subject: S,
  request: PageRequest,
): Promise<Placed<Rows[S]>[]> => {
  const isBehindKnown = request.after !== undefined && request.after[0] === null;
  const [known = []] = isBehindKnown ? [] : await readGroups(client, subject, [request], "known");
  if (known.length === request.take) return known;
  const rest = { ...request, take: request.take - known.length, after: isBehindKnown ? request.after : undefined };
  const [missing = []] = await readGroups(client, subject, [rest], "missing");
  return [...known, ...missing];
};

/** Pages in the order asked, in one statement however many they are (at most two for a single list by an attribute). */
export const readPages = async <S extends Subject>(
  client: Queryable,
  subject: S,
  requests: readonly PageRequest[],
): Promise<Placed<Rows[S]>[][]> => {
  const [only, ...more] = requests;
  const first = only?.orderings[0];
  if (only && more.length === 0 && first?.by === "attribute") {
    return [await readByAttribute(client, subject, only)];
  }
  return readGroups(client, subject, requests, "any");
};

/** How many rows each request has, in one statement. */
export const readCounts = async (
  client: Queryable,
  subject: Subject,
  requests: readonly CountRequest[],
): Promise<number[]> => {
  const parameters = createParameters();
  const groups = alike(requests);
  const parts = groups.map((group, index) => {
    const [{ parent, condition }] = group;
    const counted = forParents(
      parentIds(group),
      parameters,
      (id) =>
        `SELECT count(*) AS number ${fromParent(subject, parent.kind, id)} AND ${conditionSql(condition, subject, parameters)}`,
    );
    return `SELECT ${index} AS part, part.* FROM (${counted}) AS part`;
  });
  const { rows } = await client.query<{ part: number; parent: number; number: number }>(
    parts.join(" UNION ALL "),
    parameters.values,
  );
  const numbers = new Map(rows.map(({ part, parent, number }) => [`${part}/${parent}`, number]));
  const counts = new Map(
    groups.flatMap((group, index) =>
      group.map((request) => [request, numbers.get(`${index}/${request.parent.id}`) ?? 0] as const),
    ),
  );
  return requests.map((request) => counts.get(request) ?? 0);
};

/** Ids of a study's rows that pass a condition, by key. */
export const readIds = async (
  client: Queryable,
  subject: Subject,
  studyId: number,
  condition: Condition,
): Promise<number[]> => {
  const parameters = createParameters();
  const { rows } = await client.query<{ id: number }>(
    `SELECT ${subject}.id ${fromParent(subject, "study", `${parameters.add(studyId)}::int`)} AND ${conditionSql(condition, subject, parameters)} ORDER BY ${subject}.key`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
};
