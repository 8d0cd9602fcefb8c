import { HistoError } from "../../../platform/errors.ts";
import { isKey } from "../../../platform/keys.ts";
import { compileKeyPattern } from "../../base/keyPattern.ts";
import { type AttributeType, missingTest, type Value } from "./columnTypes.ts";
import { type Conflict, type Conflicts, createConflicts, shown } from "./conflicts.ts";
import { createEndpointReader, type EndpointReader, type EndpointValue } from "./endpoints.ts";
import {
  attributeColumns,
  type Columns,
  createColumns,
  type KnownAttribute,
  type Level,
  type Meaning,
} from "./meaning.ts";
import type { Table } from "./table.ts";
import { readColumn, type TypedColumn } from "./typedColumn.ts";

/** One value an attribute, in their order. Null: the table has none; undefined: it contradicts itself, what is known stays. */
export type Values = (Value | null | undefined)[];

export type PatientRecord = {
  key: string;
  clinical: Values;
  survival: Record<string, NonNullable<EndpointValue> | null>;
};
export type SlideRecord = { key: string; patient: string; clinical: Values };

export type AttributeEntry = {
  key: string;
  label: string | null;
  type: AttributeType;
  unit: string | null;
  level: Level;
  categories: string[];
};

export type Interpretation = {
  patients: PatientRecord[];
  slides: SlideRecord[];
  attributes: AttributeEntry[];
  endpoints: { key: string; label: string | null }[];
  unlinked: string[];
  conflicts: Conflict[];
};

const MAX_UNLINKED = 100;

/** The key in each row's cell; undefined where there is none. */
const keyReader = (
  table: Table,
  column: number,
  pattern: string | null | undefined,
  group: "patient" | "slide",
  isMissing: (cell: string) => boolean,
  unlinked: Set<string>,
): ((row: number) => string | undefined) => {
  const find = pattern == null ? (text: string) => text : compileKeyPattern(pattern, group, `${group}Pattern`);
  return (row) => {
    const cell = (table.rows[row]?.[column] ?? "").trim();
    if (isMissing(cell)) return undefined;
    const key = find(cell);
    if (key !== undefined && isKey(key)) return key;
    if (unlinked.size < MAX_UNLINKED) unlinked.add(cell.slice(0, 200).toWellFormed());
    return undefined;
  };
};

const emptyRecord = <V>(): Record<string, V> => Object.create(null) as Record<string, V>;

/** `disputed` holds what a second row of the same owner contradicted: of that neither value is taken. */
type Owner = { clinical: Values; disputed: Set<string> | undefined };

const addValues = (
  owner: Owner,
  nameOf: () => string,
  row: number,
  table: Table,
  typed: readonly TypedColumn[],
  conflicts: Conflicts,
): void => {
  const { clinical } = owner;
  if (clinical.length === 0) {
    for (const { values } of typed) clinical.push(values[row]);
    return;
  }
  typed.forEach(({ key, values }, index) => {
    const value = values[row];
    const before = clinical[index];
    if (value === undefined || owner.disputed?.has(key)) return;
    if (before === undefined || before === null) clinical[index] = value;
    else if (value !== null && before !== value) {
      owner.disputed ??= new Set();
      owner.disputed.add(key);
      clinical[index] = undefined;
      conflicts.add({
        code: "DUPLICATE_KEY",
        message: `${nameOf()} has two values of "${key}", the second one in row ${table.rowNumbers[row]}.`,
        path: [key, `row ${table.rowNumbers[row]}`],
        fix: "Make the rows agree, or import the column at the level SLIDE.",
      });
    }
  });
};

type PatientDraft = PatientRecord & Owner;
type SlideDraft = SlideRecord & Owner;

const addEndpoint = (
  patient: PatientDraft,
  { key, valueIn }: EndpointReader,
  row: number,
  table: Table,
  conflicts: Conflicts,
): void => {
  const name = `endpoint ${key}`;
  if (patient.disputed?.has(name)) return;
  const value = valueIn(row);
  if (value === undefined) return;
  const before = patient.survival[key];
  if (before === undefined || before === null) patient.survival[key] = value;
  else if (value !== null && (before[0] !== value[0] || before[1] !== value[1])) {
    patient.disputed ??= new Set();
    patient.disputed.add(name);
    delete patient.survival[key];
    conflicts.add({
      code: "DUPLICATE_KEY",
      message: `Patient "${patient.key}" has two values of the ${name}, the second one in row ${table.rowNumbers[row]}.`,
      path: [key, `row ${table.rowNumbers[row]}`],
      fix: "Make the rows of a patient agree.",
    });
  }
};

/** The slide of a row, made where it is new; undefined where it belongs to another patient already. */
const takeSlide = (
  slides: Map<string, SlideDraft | null>,
  key: string,
  patient: string,
  row: number,
  conflicts: Conflicts,
): SlideDraft | undefined => {
  const known = slides.get(key);
  if (known === null) return undefined;
  if (known === undefined) {
    const made: SlideDraft = { key, patient, clinical: [], disputed: undefined };
    slides.set(key, made);
    return made;
  }
  if (known.patient === patient) return known;
  // Nobody knows whose it is, so it is nobody's.
  slides.set(key, null);
  conflicts.add({
    code: "CONFLICT",
    message: `Slide "${key}" belongs to patient "${known.patient}" and, in row ${row}, to "${patient}".`,
    path: ["slideColumn", `row ${row}`],
    fix: "Correct the table; the slide was left out.",
  });
  return undefined;
};

const slideColumnOf = (meaning: Meaning, columns: Columns): number | undefined => {
  if (meaning.slideColumn != null) return columns.at(meaning.slideColumn, ["slideColumn"]);
  if (meaning.level === "PATIENT" && meaning.slidePattern == null) return undefined;
  throw new HistoError("BAD_ARGUMENT", "slideColumn is missing: without it no row has a slide.", {
    fix: "Say which column holds the slide's key, or import at the level PATIENT.",
    path: ["slideColumn"],
  });
};

/**
 * What a clinical table says of patients and slides, rows of the same one put together.
 * @param known the study's dictionary
 * @throws HistoError COLUMN_UNKNOWN, BAD_ARGUMENT, TYPE_MISMATCH, CONFLICT
 */
export const interpretTable = (table: Table, meaning: Meaning, known: readonly KnownAttribute[]): Interpretation => {
  const conflicts = createConflicts();
  const isMissing = missingTest(meaning.missingValues);
  const columns = createColumns(table.header);
  const wanted = attributeColumns(table.header, meaning, columns);
  const slideColumn = slideColumnOf(meaning, columns);
  const unlinked = new Set<string>();
  const patientColumn = columns.at(meaning.patientColumn, ["patientColumn"]);
  const patientKey = keyReader(table, patientColumn, meaning.patientPattern, "patient", isMissing, unlinked);
  const slideKey =
    slideColumn === undefined
      ? undefined
      : keyReader(table, slideColumn, meaning.slidePattern, "slide", isMissing, unlinked);
  const endpoints = meaning.endpoints.map((endpoint, index) =>
    createEndpointReader(table, endpoint, index, columns, isMissing, conflicts),
  );
  const typed = wanted.map((column) => readColumn(table, column, meaning.level, known, isMissing, conflicts));

  const patients = new Map<string, PatientDraft>();
  const slides = new Map<string, SlideDraft | null>();
  for (let row = 0; row < table.rows.length; row++) {
    const number = table.rowNumbers[row] ?? 0;
    const key = patientKey(row);
    if (key === undefined) {
      const cell = table.rows[row]?.[patientColumn] ?? "";
      if (isMissing(cell)) conflicts.add(noKey(number, meaning.patientColumn, cell));
      continue;
    }
    const patient = patients.get(key) ?? {
      key,
      clinical: [],
      survival: emptyRecord(),
      disputed: undefined,
    };
    patients.set(key, patient);
    for (const endpoint of endpoints) addEndpoint(patient, endpoint, row, table, conflicts);
    if (meaning.level === "PATIENT") addValues(patient, () => `Patient "${key}"`, row, table, typed, conflicts);
    const slide = slideKey?.(row);
    if (slide === undefined) {
      const cell = table.rows[row]?.[slideColumn ?? -1] ?? "";
      if (meaning.level === "SLIDE" && isMissing(cell)) conflicts.add(noKey(number, meaning.slideColumn ?? "", cell));
      continue;
    }
    const draft = takeSlide(slides, slide, key, number, conflicts);
    if (draft && meaning.level === "SLIDE") addValues(draft, () => `Slide "${slide}"`, row, table, typed, conflicts);
  }
  const kept = [...slides.values()].filter((slide) => slide !== null);
  const owners = meaning.level === "PATIENT" ? [...patients.values()] : kept;
  return {
    patients: [...patients.values()].map(({ key, clinical, survival }) => ({ key, clinical, survival })),
    slides: kept.map(({ key, patient, clinical }) => ({ key, patient, clinical })),
    attributes: typed.map(({ values: _, ...column }, index) => ({
      ...column,
      level: meaning.level,
      categories: column.type === "CATEGORY" ? categoriesOf(owners, index, column.key) : [],
    })),
    endpoints: endpoints.map(({ key, label }) => ({ key, label })),
    unlinked: [...unlinked],
    conflicts: conflicts.list(),
  };
};

const noKey = (row: number, column: string, cell: string): Conflict => ({
  code: "VALUE_UNPARSABLE",
  message: `Row ${row} has no key in column "${column}"${cell.trim() === "" ? "" : `: ${shown(cell.trim())} means no value`}.`,
  path: [`row ${row}`, column],
  fix: "Fill it in; the row was left out.",
});

const MAX_CATEGORIES = 1000;

const categoriesOf = (owners: readonly Owner[], index: number, key: string): string[] => {
  const distinct = new Set<string>();
  for (const { clinical } of owners) {
    const value = clinical[index];
    if (typeof value === "string") distinct.add(value);
  }
  if (distinct.size <= MAX_CATEGORIES) return [...distinct].sort();
  throw new HistoError(
    "LIMIT_EXCEEDED",
    `Attribute "${key}" would have ${distinct.size} categories; ${MAX_CATEGORIES} are possible.`,
    {
      fix: `Read it as text: attributes: [{column: …, key: "${key}", type: TEXT}].`,
      path: ["attributes"],
    },
  );
};
