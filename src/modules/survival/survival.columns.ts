/** Clinical values of many patients as arrays that travel to another thread without being copied one by one. */
export type Column =
  /** NaN where missing; `without` says what that means where it is not a missing value of an attribute. */
  | { kind: "number"; key: string; values: Float64Array; without?: string }
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

/** Takes one attribute's values, patient by patient; one of another type counts as missing. */
export type ColumnBuilder = { put(patient: number, value: unknown): void; finish(): Column };

const numberBuilder = (key: string, patients: number): ColumnBuilder => {
  const values = new Float64Array(patients).fill(Number.NaN);
  return {
    put: (patient, value) => {
      if (typeof value === "number") values[patient] = value;
    },
    finish: () => ({ kind: "number", key, values }),
  };
};

const booleanBuilder = (key: string, patients: number): ColumnBuilder => {
  const values = new Uint8Array(patients).fill(MISSING_FLAG);
  return {
    put: (patient, value) => {
      if (typeof value === "boolean") values[patient] = Number(value);
    },
    finish: () => ({ kind: "boolean", key, values }),
  };
};

const categoryBuilder = (key: string, patients: number): ColumnBuilder => {
  const values = new Int32Array(patients).fill(-1);
  const codes = new Map<string, number>();
  return {
    put: (patient, value) => {
      if (typeof value !== "string") return;
      const code = codes.get(value) ?? codes.size;
      codes.set(value, code);
      values[patient] = code;
    },
    finish: () => {
      const names = [...codes.keys()].sort();
      const places = new Int32Array(names.length);
      names.forEach((name, place) => {
        places[codes.get(name) ?? 0] = place;
      });
      return { kind: "category", key, names, values: values.map((code) => (code < 0 ? -1 : (places[code] ?? -1))) };
    },
  };
};

const BUILDERS = { NUMBER: numberBuilder, BOOLEAN: booleanBuilder, CATEGORY: categoryBuilder, TEXT: categoryBuilder };

export const columnBuilder = (attribute: { key: string; type: keyof typeof BUILDERS }, patients: number) =>
  BUILDERS[attribute.type](attribute.key, patients);
