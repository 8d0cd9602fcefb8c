import type { Queryable } from "./database.ts";

/** Where a label stands in the clinical documents. */
export type LabelPlace = { level: "PATIENT" | "SLIDE"; key: string } | { endpoint: string };

/** Labels by patient or slide id; those that have none are absent. */
export const readLabels = async (
  client: Queryable,
  ids: readonly number[],
  place: LabelPlace,
): Promise<Map<number, unknown>> => {
  const isEndpoint = "endpoint" in place;
  const table = !isEndpoint && place.level === "SLIDE" ? "slide" : "patient";
  const { rows } = await client.query<{ id: number; value: unknown }>(
    `SELECT id, ${isEndpoint ? "survival" : "clinical"} -> $2::text AS value FROM ${table}
     WHERE id = ANY($1::int[]) AND ${isEndpoint ? "survival" : "clinical"} -> $2::text IS NOT NULL`,
    [ids, isEndpoint ? place.endpoint : place.key],
  );
  return new Map(rows.filter(({ value }) => value !== null).map(({ id, value }) => [id, value]));
};

/** Values of some attributes by patient id, in the order of `keys`; null where missing. */
export const readAttributesOf = async (
  client: Queryable,
  patientIds: readonly number[],
  keys: readonly string[],
): Promise<Map<number, unknown[]>> => {
  const { rows } = await client.query<{ id: number; values: unknown[] }>(
    `SELECT id, (SELECT coalesce(jsonb_agg(clinical -> wanted.key ORDER BY wanted.place), '[]')
       FROM unnest($2::text[]) WITH ORDINALITY AS wanted (key, place)) AS values
     FROM patient WHERE id = ANY($1::int[])`,
    [patientIds, keys],
  );
  return new Map(rows.map(({ id, values }) => [id, values]));
};
