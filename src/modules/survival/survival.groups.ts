import { HistoError } from "../../platform/errors.ts";
import { cutGroups, quantileGroups, type ValueGroups } from "../../statistics/index.ts";
import { type Column, isMissing, type SurvivalTable } from "./survival.columns.ts";

/** What makes the groups. A new kind of group is a member here and a function in `GROUPINGS`. */
export type Grouping =
  | { kind: "all" }
  /** Each value of a category or boolean. */
  | { kind: "values"; column: number }
  /** The unit stands behind the names of the ranges. */
  | { kind: "quantiles"; column: number; groups: number; unit?: string }
  | { kind: "cuts"; column: number; cuts: readonly number[] }
  | { kind: "cohorts" };

export type Groups = {
  names: string[];
  /** Patients of each group, ascending; without a group of their own they are in none. */
  members: Uint32Array[];
  /** Why a patient may be in none. */
  without: string;
};

/** A survival plot with more curves than this shows nothing, and each has its points. */
const MAX_GROUPS = 50;

type GroupingFunctions = {
  [Kind in Grouping["kind"]]: (
    table: SurvivalTable,
    patients: Uint32Array,
    grouping: Extract<Grouping, { kind: Kind }>,
  ) => Groups;
};

const columnAt = (table: SurvivalTable, index: number): Column => {
  const column = table.columns[index];
  if (!column) throw new RangeError(`There is no column ${index}.`);
  return column;
};

export const noValueOf = (column: Column): string =>
  (column.kind === "number" ? column.without : undefined) ?? `no value of "${column.key}"`;

/** Patients by the code of their group. */
const split = (patients: Uint32Array, codeOf: (patient: number, place: number) => number, groups: number) => {
  const members = Array.from({ length: groups }, () => [] as number[]);
  patients.forEach((patient, place) => {
    members[codeOf(patient, place)]?.push(patient);
  });
  return members.map((list) => Uint32Array.from(list));
};

const byValue = (
  table: SurvivalTable,
  patients: Uint32Array,
  index: number,
  groupsOf: (values: Float64Array) => ValueGroups,
): Groups => {
  const column = columnAt(table, index);
  const known = patients.filter((patient) => !isMissing(column, patient));
  const { names, groups } = groupsOf(Float64Array.from(known, (patient) => column.values[patient] ?? Number.NaN));
  return {
    names,
    members: split(known, (_patient, place) => groups[place] ?? -1, names.length),
    without: noValueOf(column),
  };
};

const GROUPINGS: GroupingFunctions = {
  all: (_table, patients) => ({ names: ["all"], members: [patients], without: "in no group" }),
  values: (table, patients, { column: index }) => {
    const column = columnAt(table, index);
    const names = column.kind === "category" ? column.names : ["false", "true"];
    const members = split(patients, (patient) => column.values[patient] ?? -1, names.length);
    const used = members.flatMap((list, code) => (list.length > 0 ? [code] : []));
    return {
      names: used.map((code) => names[code] ?? ""),
      members: used.map((code) => members[code] ?? new Uint32Array()),
      without: noValueOf(column),
    };
  },
  quantiles: (table, patients, { column, groups, unit }) => {
    const found = byValue(table, patients, column, (values) => quantileGroups(values, groups));
    return unit === undefined ? found : { ...found, names: found.names.map((name) => `${name} ${unit}`) };
  },
  cuts: (table, patients, { column, cuts }) => byValue(table, patients, column, (values) => cutGroups(values, cuts)),
  cohorts: ({ cohorts }, patients) => ({
    names: cohorts.map(({ name }) => name),
    members: cohorts.map(({ members }) => patients.filter((patient) => members[patient] === 1)),
    without: "in none of the cohorts",
  }),
};

/**
 * @param patients those whose endpoint is known
 * @throws HistoError LIMIT_EXCEEDED for more groups than can be shown, BAD_ARGUMENT and TOO_FEW_PATIENTS as
 * `quantileGroups`
 */
export const groupPatients = <Kind extends Grouping["kind"]>(
  table: SurvivalTable,
  patients: Uint32Array,
  grouping: Extract<Grouping, { kind: Kind }>,
): Groups => {
  const group = GROUPINGS[grouping.kind as Kind];
  const groups = group(table, patients, grouping);
  if (groups.names.length <= MAX_GROUPS) return groups;
  throw new HistoError("LIMIT_EXCEEDED", `${groups.names.length} groups are more than ${MAX_GROUPS}.`, {
    fix: "Group by an attribute with fewer values, or narrow `patients`.",
    path: ["groupBy"],
  });
};
