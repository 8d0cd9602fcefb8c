/** What a listed row is. */
export type Subject = "patient" | "slide";

export type NumberRange = {
  equals?: number | undefined;
  gt?: number | undefined;
  gte?: number | undefined;
  lt?: number | undefined;
  lte?: number | undefined;
};

/**
 * A filter that has been checked against its study: attributes exist and have the type that they are asked for as, ids are
 * of the study. Conditions on patients and slides share one shape; `patients` and `slides` go over to the other.
 */
export type Condition =
  | { kind: "all"; of: readonly Condition[] }
  | { kind: "any"; of: readonly Condition[] }
  | { kind: "not"; of: Condition }
  | { kind: "keys"; keys: readonly string[] }
  | { kind: "stains"; stains: readonly string[] }
  | { kind: "number"; attribute: string; range: NumberRange }
  | { kind: "category"; attribute: string; values: readonly string[] }
  | { kind: "boolean"; attribute: string; value: boolean }
  | { kind: "text"; attribute: string; contains: string }
  | { kind: "missing"; attribute: string; isMissing: boolean }
  | { kind: "featureSet"; featureSetId: number }
  | { kind: "frozenCohort"; cohortId: number }
  | { kind: "patients"; of: Condition }
  | { kind: "slides"; of: Condition };

export const EVERYTHING: Condition = { kind: "all", of: [] };

/** Values of one statement; `add` gives the placeholder of a value. */
export type Parameters = { values: unknown[]; add(value: unknown): string };

export const createParameters = (values: unknown[] = []): Parameters => ({
  values,
  add: (value) => `$${values.push(value)}`,
});

/** PostgreSQL holds no text with a zero character: such a text equals nothing that is stored. */
const storable = (texts: readonly string[]): string[] => texts.filter((text) => !text.includes("\0"));

/**
 * An attribute's value, null where it is missing: numbers and booleans as jsonb, which compares them as such and exactly;
 * texts by code point, whatever the collation of the database. The expression indexes are on the same expressions.
 */
export const valueSql = (row: string, attribute: string, type: "scalar" | "text"): string =>
  type === "scalar"
    ? `(${row}.clinical -> ${attribute}::text)`
    : `((${row}.clinical ->> ${attribute}::text) COLLATE "C")`;

const OPERATORS = { equals: "=", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** A number within bounds; `value` is jsonb. */
export const rangeSql = (value: string, range: NumberRange, parameters: Parameters): string => {
  const bounds = Object.entries(OPERATORS).flatMap(([name, operator]) => {
    const bound = range[name as keyof NumberRange];
    return bound === undefined ? [] : [`${value} ${operator} ${parameters.add(JSON.stringify(bound))}::jsonb`];
  });
  return bounds.length > 0 ? `(${bounds.join(" AND ")})` : "true";
};

const joined = (parts: readonly string[], operator: "AND" | "OR", empty: "true" | "false"): string =>
  parts.length > 0 ? `(${parts.join(` ${operator} `)})` : empty;

/**
 * The condition in SQL. Of a missing value it may come out null, which a WHERE takes for false; `not` turns null into true,
 * so that a filter and its complement share no row and lose none.
 * @param row name of the row of `patient` or `slide`
 * @param depth makes the names of inner rows differ
 */
export const conditionSql = (condition: Condition, row: string, parameters: Parameters, depth = 0): string => {
  const inner = (part: Condition) => conditionSql(part, row, parameters, depth);
  const value = (attribute: string, type: "scalar" | "text") => valueSql(row, parameters.add(attribute), type);
  switch (condition.kind) {
    case "all":
      return joined(condition.of.map(inner), "AND", "true");
    case "any":
      return joined(condition.of.map(inner), "OR", "false");
    case "not":
      return `NOT coalesce(${inner(condition.of)}, false)`;
    case "keys":
      return `${row}.key = ANY(${parameters.add(storable(condition.keys))}::text[])`;
    case "stains":
      return `${row}.stain = ANY(${parameters.add(condition.stains)}::stain[])`;
    case "number":
      return rangeSql(value(condition.attribute, "scalar"), condition.range, parameters);
    case "category":
      return `${value(condition.attribute, "text")} = ANY(${parameters.add(storable(condition.values))}::text[])`;
    case "boolean":
      return `${value(condition.attribute, "scalar")} = ${parameters.add(String(condition.value))}::jsonb`;
    case "text":
      return condition.contains.includes("\0")
        ? "false"
        : `strpos(lower(${row}.clinical ->> ${parameters.add(condition.attribute)}::text), lower(${parameters.add(condition.contains)}::text)) > 0`;
    case "missing":
      return `${value(condition.attribute, "scalar")} IS ${condition.isMissing ? "NULL" : "NOT NULL"}`;
    case "featureSet":
      return `EXISTS (SELECT FROM slide_features AS held WHERE held.slide_id = ${row}.id AND held.vectors > 0 AND held.feature_set_id = ${parameters.add(condition.featureSetId)}::int)`;
    case "frozenCohort":
      return `EXISTS (SELECT FROM cohort_patient AS member WHERE member.patient_id = ${row}.id AND member.cohort_id = ${parameters.add(condition.cohortId)}::int)`;
    case "patients": {
      const patient = `patient_${depth + 1}`;
      return `EXISTS (SELECT FROM patient AS ${patient} WHERE ${patient}.id = ${row}.patient_id AND ${conditionSql(condition.of, patient, parameters, depth + 1)})`;
    }
    case "slides": {
      const slide = `slide_${depth + 1}`;
      return `EXISTS (SELECT FROM slide AS ${slide} WHERE ${slide}.patient_id = ${row}.id AND ${conditionSql(condition.of, slide, parameters, depth + 1)})`;
    }
  }
};

/** One criterion of an ordering; those that are missing come last either way. Ties end with the key, ascending. */
export type Ordering = { direction: "ASC" | "DESC" } & (
  | { by: "key" }
  | { by: "attribute"; attribute: string; type: "scalar" | "text" }
);

/** A place in an ordered list: the text of each criterion's value (null where missing), then the key. */
export type Position = readonly (string | null)[];

type Criterion = { sql: string; text: string; cast: string; direction: "ASC" | "DESC"; isNullable: boolean };

const criteria = (orderings: readonly Ordering[], row: string, parameters: Parameters): Criterion[] =>
  orderings.map((ordering) => {
    const { direction } = ordering;
    if (ordering.by === "key") {
      return { sql: `${row}.key`, text: `${row}.key`, cast: "text", direction, isNullable: false };
    }
    const sql = valueSql(row, parameters.add(ordering.attribute), ordering.type);
    return ordering.type === "scalar"
      ? { sql, text: `${sql}::text`, cast: "jsonb", direction, isNullable: true }
      : { sql, text: sql, cast: "text", direction, isNullable: true };
  });

/** Everything in an ordering that a SELECT needs. */
export type OrderSql = {
  /** `text[]`: the row's position. */
  position: string;
  orderBy: string;
  /** Rows behind a position; `true` without one. */
  after: string;
  /** The first criterion, where it is an attribute. */
  first: string | undefined;
};

/** Rows that come strictly after `value` by one criterion. */
const isAfter = ({ sql, cast, direction, isNullable }: Criterion, value: string | null, parameters: Parameters) => {
  if (value === null) return "false";
  const beyond = `${sql} ${direction === "ASC" ? ">" : "<"} ${parameters.add(value)}::${cast}`;
  return isNullable ? `(${beyond} OR ${sql} IS NULL)` : beyond;
};

const isEqual = ({ sql, cast }: Criterion, value: string | null, parameters: Parameters) =>
  value === null ? `${sql} IS NULL` : `${sql} = ${parameters.add(value)}::${cast}`;

/**
 * An ordering in SQL.
 * @param isFirstKnown the statement reads only rows that have the first criterion's value: then an index gives them in
 *   either direction, and understands the bound of a position
 */
export const orderSql = (
  orderings: readonly Ordering[],
  row: string,
  parameters: Parameters,
  after: Position | undefined,
  isFirstKnown = false,
): OrderSql => {
  const all = criteria([...orderings, { by: "key", direction: "ASC" }], row, parameters).map((criterion, index) =>
    index === 0 && isFirstKnown ? { ...criterion, isNullable: false } : criterion,
  );
  const position = `ARRAY[${all.map(({ text }) => text).join(", ")}]::text[]`;
  const orderBy = all
    .map(({ sql, direction, isNullable }) => `${sql} ${direction}${isNullable ? " NULLS LAST" : ""}`)
    .join(", ");
  const first = all[0] && orderings[0]?.by === "attribute" ? all[0].sql : undefined;
  if (!after) return { position, orderBy, after: "true", first };
  const last = all.map((_, index) => after[index] ?? null);
  if (all.every(({ direction, isNullable }) => direction === "ASC" && !isNullable)) {
    // One comparison of rows, which is one range of an index.
    const bounds = all.map(({ cast }, index) => `${parameters.add(last[index])}::${cast}`);
    const rows = `(${all.map(({ sql }) => sql).join(", ")}) > (${bounds.join(", ")})`;
    return { position, orderBy, after: rows, first };
  }
  const steps = all.map((criterion, index) =>
    joined(
      [
        ...all.slice(0, index).map((earlier, place) => isEqual(earlier, last[place] ?? null, parameters)),
        isAfter(criterion, last[index] ?? null, parameters),
      ],
      "AND",
      "true",
    ),
  );
  const leading = all[0];
  const value = last[0] ?? null;
  const bound =
    leading && !leading.isNullable && value !== null
      ? `${leading.sql} ${leading.direction === "ASC" ? ">=" : "<="} ${parameters.add(value)}::${leading.cast} AND `
      : "";
  return { position, orderBy, after: `${bound}${joined(steps, "OR", "true")}`, first };
};
