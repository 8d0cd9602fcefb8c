import { HistoError } from "../../../platform/errors.ts";
import { nearestNames } from "../../base/attributes.ts";
import type { AttributeType } from "./columnTypes.ts";

export type Level = "PATIENT" | "SLIDE";
export type TimeUnit = "DAYS" | "WEEKS" | "MONTHS" | "YEARS";

export type EndpointMeaning = {
  key: string;
  label?: string | null | undefined;
  timeColumn: string;
  timeUnit: TimeUnit;
  eventColumn: string;
  eventValues: readonly string[];
};

export type AttributeMeaning = {
  column: string;
  key?: string | null | undefined;
  label?: string | null | undefined;
  type?: AttributeType | null | undefined;
  unit?: string | null | undefined;
};

/** What the caller says of the columns. */
export type Meaning = {
  level: Level;
  patientColumn: string;
  patientPattern?: string | null | undefined;
  slideColumn?: string | null | undefined;
  slidePattern?: string | null | undefined;
  endpoints: readonly EndpointMeaning[];
  attributes: readonly AttributeMeaning[];
  missingValues: readonly string[];
};

/** An attribute that the study has already. */
export type KnownAttribute = { key: string; type: AttributeType; level: Level; categories: string[] };

/** Index of a column by its name. */
export type Columns = { at(name: string, path: readonly string[]): number };

const bad = (message: string, fix: string, path: readonly string[]): HistoError =>
  new HistoError("BAD_ARGUMENT", message, { fix, path });

/** @throws (from `at`) HistoError COLUMN_UNKNOWN with the names that come nearest */
export const createColumns = (header: readonly string[]): Columns => ({
  at(name, path) {
    const index = header.indexOf(name.trim());
    if (index >= 0 && name.trim() !== "") return index;
    const nearest = nearestNames(
      name,
      header.filter((column) => column !== ""),
    ).map((column) => `"${column}"`);
    throw new HistoError("COLUMN_UNKNOWN", `The table has no column "${name.slice(0, 100)}".`, {
      fix: `Did you mean ${nearest.join(", ")}? If none of the names is a column of yours, say which delimiter the table has.`,
      path,
    });
  },
});

/** A column to be read as an attribute. */
export type AttributeColumn = {
  column: number;
  key: string;
  label: string | null;
  type: AttributeType | null;
  unit: string | null;
};

const MAX_KEY_LENGTH = 100;
/** Names of orderings and fields that an attribute must not hide. */
const RESERVED = new Set(["key", "id"]);

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a key must not have
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

const requireAttributeKey = (key: string, column: string, path: readonly string[]): string => {
  if (key === "" || key.length > MAX_KEY_LENGTH || CONTROL_CHARACTERS.test(key)) {
    throw bad(
      `"${key.slice(0, MAX_KEY_LENGTH)}" cannot be the key of an attribute.`,
      "Use 1 to 100 printable characters.",
      path,
    );
  }
  if (!RESERVED.has(key)) return key;
  throw bad(
    `An attribute cannot be called "${key}".`,
    `Give the column a key: attributes: [{column: "${column}", key: "…"}].`,
    path,
  );
};

/**
 * The columns that become attributes: all but keys, endpoints' columns and those without a name, and whichever the caller
 * lists.
 * @throws HistoError COLUMN_UNKNOWN, BAD_ARGUMENT
 */
export const attributeColumns = (header: readonly string[], meaning: Meaning, columns: Columns): AttributeColumn[] => {
  const used = new Set([columns.at(meaning.patientColumn, ["patientColumn"])]);
  if (meaning.slideColumn != null) used.add(columns.at(meaning.slideColumn, ["slideColumn"]));
  meaning.endpoints.forEach(({ timeColumn, eventColumn }, index) => {
    used.add(columns.at(timeColumn, ["endpoints", String(index), "timeColumn"]));
    used.add(columns.at(eventColumn, ["endpoints", String(index), "eventColumn"]));
  });
  const told = new Map<number, AttributeColumn>();
  meaning.attributes.forEach((attribute, index) => {
    const path = ["attributes", String(index)];
    const column = columns.at(attribute.column, [...path, "column"]);
    if (told.has(column)) throw bad(`Column "${attribute.column}" is listed twice.`, "List each column once.", path);
    const name = header[column] ?? "";
    const key = requireAttributeKey(attribute.key?.trim() ?? name, name, [...path, "key"]);
    told.set(column, {
      column,
      key,
      label: attribute.label ?? (key === name ? null : name),
      type: attribute.type ?? null,
      unit: attribute.unit ?? null,
    });
  });
  const found = header.flatMap((name, column): AttributeColumn[] => {
    const listed = told.get(column);
    if (listed) return [listed];
    if (used.has(column) || name === "") return [];
    return [{ column, key: requireAttributeKey(name, name, ["attributes"]), label: null, type: null, unit: null }];
  });
  const keys = new Set<string>();
  for (const { key } of found) {
    if (keys.has(key))
      throw bad(`Two columns would become the attribute "${key}".`, "Give one another key.", ["attributes"]);
    keys.add(key);
  }
  return found;
};
