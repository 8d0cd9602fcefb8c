/** Clinical values of many patients as arrays that travel to another thread without being copied one by one. */
export type Column =
  /** NaN where missing. */
  | { kind: "number"; key: string; values: Float64Array }
  /** 0, 1, or `MISSING_FLAG`. */
  | { kind: "boolean"; key: string; values: Uint8Array }
  /** Index into `names`, which ascend; -1 where missing. */
  | { kind: "category"; key: string; values: Int32Array; names: string[] };

export const MISSING_FLAG = 2;

export type SurvivalTable = {
  patients: number;
  /** NaN where the endpoint is not known of a patient. */
  timesDays: Float64Array;
  events: Uint8Array;
  columns: Column[];
  /** One set of flags for each cohort that was asked for. */
  cohorts: { name: string; members: Uint8Array }[];
};

export const isMissing = (column: Column, patient: number): boolean => {
  switch (column.kind) {
    case "number":
      return Number.isNaN(column.values[patient]);
    case "boolean":
      return column.values[patient] === MISSING_FLAG;
    case "category":
      return (column.values[patient] ?? -1) < 0;
  }
};

/** A category's values as codes into their sorted names. */
const categories = (key: string, texts: readonly unknown[]): Column => {
  const names = [...new Set(texts.filter((text) => typeof text === "string"))].sort();
  const codes = new Map(names.map((name, code) => [name, code]));
  return { kind: "category", key, names, values: Int32Array.from(texts, (text) => codes.get(text as string) ?? -1) };
};

/** One attribute's values, in the order of the patients; a value of another type counts as missing. */
export const columnOf = (
  { key, type }: { key: string; type: "NUMBER" | "BOOLEAN" | "CATEGORY" | "TEXT" },
  values: readonly unknown[],
): Column => {
  switch (type) {
    case "NUMBER":
      return {
        kind: "number",
        key,
        values: Float64Array.from(values, (value) => (typeof value === "number" ? value : Number.NaN)),
      };
    case "BOOLEAN":
      return {
        kind: "boolean",
        key,
        values: Uint8Array.from(values, (value) => (typeof value === "boolean" ? Number(value) : MISSING_FLAG)),
      };
    case "CATEGORY":
    case "TEXT":
      return categories(key, values);
  }
};
