import type { Queryable } from "./database.ts";

type Attributes = { studyId: number; level: "PATIENT" | "SLIDE"; keys: readonly string[] };
type Endpoints = { studyId: number; keys: readonly string[] };

/** Several counts over the rows of each study, each table read once for each study, in one statement. */
const countEach = async <Group extends { studyId: number; keys: readonly string[] }>(
  client: Queryable,
  groups: readonly Group[],
  tableOf: (group: Group) => "patient" | "slide",
  /** Conditions to count for one key, given its placeholder. */
  conditionsOf: (key: string) => readonly string[],
): Promise<number[][]> => {
  const values: unknown[] = [];
  const add = (value: unknown) => `$${values.push(value)}`;
  const parts = groups.map((group, part) => {
    const counts = group.keys
      .flatMap((key) => conditionsOf(`${add(key)}::text`))
      .map((condition) => `count(*) FILTER (WHERE ${condition})`);
    return `SELECT ${part} AS part, ARRAY[${counts.join(", ")}]::int8[] AS counts FROM ${tableOf(group)} WHERE study_id = ${add(group.studyId)}::int`;
  });
  const { rows } = await client.query<{ part: number; counts: number[] }>(parts.join(" UNION ALL "), values);
  const byPart = new Map(rows.map(({ part, counts }) => [part, counts]));
  return groups.map((_, part) => byPart.get(part) ?? []);
};

/** How many patients (or slides) have no value, for each attribute of each group in turn. */
export const countMissing = (client: Queryable, groups: readonly Attributes[]): Promise<number[][]> =>
  countEach(
    client,
    groups,
    ({ level }) => (level === "SLIDE" ? "slide" : "patient"),
    (key) => [`NOT clinical ? ${key}`],
  );

/** Patients whose endpoint is known, and those of them who had the event, for each endpoint of each group in turn. */
export const countEndpoints = async (
  client: Queryable,
  groups: readonly Endpoints[],
): Promise<{ patients: number; events: number }[][]> => {
  const counts = await countEach(
    client,
    groups,
    () => "patient",
    (key) => [`survival ? ${key}`, `survival -> ${key} -> 1 = 'true'`],
  );
  return groups.map(({ keys }, part) =>
    keys.map((_, index) => ({
      patients: counts[part]?.[2 * index] ?? 0,
      events: counts[part]?.[2 * index + 1] ?? 0,
    })),
  );
};
