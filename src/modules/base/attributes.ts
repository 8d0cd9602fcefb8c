import { HistoError } from "../../platform/errors.ts";
import type { Attribute } from "../../store/generated/client.ts";

/** Letters to insert, delete or replace to turn one word into another (Levenshtein 1966). */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

const NEAREST = 3;
/** Longer words are compared by their beginnings: nobody's typing error is longer, and an input may be. */
const COMPARED_LETTERS = 60;

/** The names that look most like a word; those that contain it come first. */
export const nearestNames = (word: string, names: readonly string[]): string[] => {
  const asked = word.slice(0, COMPARED_LETTERS).toLowerCase();
  const distanceTo = (name: string): number => {
    const known = name.slice(0, COMPARED_LETTERS).toLowerCase();
    return asked.length > 2 && (known.includes(asked) || asked.includes(known)) ? 0 : editDistance(asked, known);
  };
  return names
    .map((name) => ({ name, distance: distanceTo(name) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, NEAREST)
    .map(({ name }) => name);
};

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

/** @throws HistoError COLUMN_UNKNOWN with the names that come nearest */
export const unknownAttribute = (
  key: string,
  names: readonly string[],
  path: readonly string[],
  studyKey: string,
): HistoError => {
  const shown = key.slice(0, 100);
  return new HistoError("COLUMN_UNKNOWN", `Study "${studyKey}" has no attribute "${shown}" here.`, {
    fix:
      names.length === 0
        ? "The study has no clinical attributes yet: import a table with importClinical."
        : `Did you mean one of ${quoted(nearestNames(shown, names))}? \`study(key) { attributes { key type } }\` lists all.`,
    path,
  });
};

const OWNER = { PATIENT: "patients", SLIDE: "slides" } as const;

/**
 * The attribute of a key.
 * @param level what it must be a property of; undefined for either
 * @throws HistoError COLUMN_UNKNOWN
 */
export const requireAttribute = (
  dictionary: readonly Attribute[],
  key: string,
  level: "PATIENT" | "SLIDE" | undefined,
  path: readonly string[],
  studyKey: string,
): Attribute => {
  const found = dictionary.find((attribute) => attribute.key === key);
  if (found && (level === undefined || found.level === level)) return found;
  if (found) {
    throw new HistoError(
      "COLUMN_UNKNOWN",
      `Attribute ${found.key} belongs to ${OWNER[found.level]}; it was asked of ${OWNER[level ?? found.level]}.`,
      {
        fix:
          found.level === "SLIDE"
            ? "Inside of a filter for patients, ask of their slides: {slides: {clinical: […]}}."
            : "Inside of a filter for slides, ask of their patients: {patients: {clinical: […]}}.",
        path,
      },
    );
  }
  const names = dictionary.filter((attribute) => level === undefined || attribute.level === level);
  throw unknownAttribute(
    key,
    names.map((attribute) => attribute.key),
    path,
    studyKey,
  );
};
