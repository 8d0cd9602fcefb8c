import type { Queryable } from "./database.ts";
import {
  type Condition,
  conditionSql,
  createParameters,
  type Parameters,
  type Subject,
  valueSql,
} from "./filterSql.ts";

/** An attribute to read: its numbers, how often each value occurs, or only how many have one. */
export type ValueColumn = { attribute: string; of: Subject; read: "numbers" | "counts" | "presence" };

/** Attributes of the patients that pass a condition, and of those patients' slides. */
export type ValuesRequest = { studyId: number; condition: Condition; columns: readonly ValueColumn[] };

export type ColumnValues = {
  /** Rows that have a value. */
  known: number;
  /** Rows that have none. */
  missing: number;
  /** Every value, in no order; empty unless numbers were asked for. */
  numbers: Float64Array;
  /** How often each value occurs; empty unless counts were asked for. */
  counts: ReadonlyMap<string, number>;
};

export type Values = { patients: number; columns: ColumnValues[] };

/** The rows of one subject with their values, as the name of a common table expression and its text. */
const tableSql = (
  name: string,
  subject: Subject,
  { studyId, condition, columns }: ValuesRequest,
  parameters: Parameters,
): string => {
  const values = columns.flatMap(({ attribute, of, read }, index) => {
    if (of !== subject) return [];
    const key = parameters.add(attribute);
    // jsonb is cast to a number directly; a text is compared by code point, so that grouping needs no collation.
    return [
      read === "numbers"
        ? `${valueSql(subject, key, "scalar")}::float8 AS v${index}`
        : `${valueSql(subject, key, "text")} AS v${index}`,
    ];
  });
  const passes = conditionSql(
    subject === "patient" ? condition : { kind: "patients", of: condition },
    subject,
    parameters,
  );
  return `${name} AS MATERIALIZED (SELECT ${values.join(", ")} FROM ${subject} WHERE ${subject}.study_id = ${parameters.add(studyId)}::int AND ${passes})`;
};

const TOTAL = { patient: -1, slide: -2 } as const;

const columnSql = (table: string, request: number, { read }: ValueColumn, index: number): string => {
  const head = `SELECT ${request} AS request, ${index} AS place`;
  switch (read) {
    case "counts":
      return `${head}, v${index} AS value, count(*) AS number, NULL::bytea AS numbers FROM ${table} WHERE v${index} IS NOT NULL GROUP BY v${index}`;
    case "numbers":
      // Eight bytes a number: as text they would take longer to write and to read than to find.
      return `${head}, NULL AS value, count(v${index}) AS number, string_agg(float8send(v${index}), ''::bytea) AS numbers FROM ${table}`;
    case "presence":
      return `${head}, NULL AS value, count(v${index}) AS number, NULL::bytea AS numbers FROM ${table}`;
  }
};

const BYTES = 8;

/** Numbers as PostgreSQL sends them: float64, big-endian. */
const readNumbers = (bytes: Uint8Array | null): Float64Array => {
  if (!bytes) return new Float64Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.byteLength / BYTES }, (_, index) => view.getFloat64(index * BYTES));
};

type ValueRow = { request: number; place: number; value: string | null; number: number; numbers: Uint8Array | null };

const gather = (rows: readonly ValueRow[], { columns }: ValuesRequest): Values => {
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  const total = (subject: Subject) => byPlace.get(TOTAL[subject])?.[0]?.number ?? 0;
  return {
    patients: total("patient"),
    columns: columns.map(({ of, read }, index) => {
      const found = byPlace.get(index) ?? [];
      const known = found.reduce((sum, { number }) => sum + number, 0);
      return {
        known,
        missing: total(of) - known,
        numbers: read === "numbers" ? readNumbers(found[0]?.numbers ?? null) : new Float64Array(),
        counts: new Map(read === "counts" ? found.map(({ value, number }) => [value ?? "", number]) : []),
      };
    }),
  };
};

/** Values of many attributes, each table read once, in one statement however many requests there are. */
export const readValues = async (client: Queryable, requests: readonly ValuesRequest[]): Promise<Values[]> => {
  const parameters = createParameters();
  const tables: string[] = [];
  const parts: string[] = [];
  requests.forEach((request, at) => {
    const subjects = new Set<Subject>(["patient", ...request.columns.map(({ of }) => of)]);
    for (const subject of subjects) {
      const table = `${subject}_values_${at}`;
      tables.push(tableSql(table, subject, request, parameters));
      parts.push(
        `SELECT ${at} AS request, ${TOTAL[subject]} AS place, NULL::text AS value, count(*) AS number, NULL::bytea AS numbers FROM ${table}`,
      );
      request.columns.forEach((column, index) => {
        if (column.of === subject) parts.push(columnSql(table, at, column, index));
      });
    }
  });
  const { rows } = await client.query<ValueRow>(
    `WITH ${tables.join(", ")} ${parts.join(" UNION ALL ")}`,
    parameters.values,
  );
  const byRequest = Map.groupBy(rows, ({ request }) => request);
  return requests.map((request, at) => gather(byRequest.get(at) ?? [], request));
};
