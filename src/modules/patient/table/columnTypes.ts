import { parseNumber } from "./numbers.ts";
import type { DecimalMark } from "./table.ts";

export type AttributeType = "NUMBER" | "CATEGORY" | "BOOLEAN" | "TEXT";
export type Value = number | string | boolean;

export const DEFAULT_MISSING_VALUES: readonly string[] = [
  "",
  "NA",
  "N/A",
  "NaN",
  "null",
  "unknown",
  "not available",
  "not reported",
  ".",
  "-",
  "--",
];

const ASCII = 128;
const SPACE = 32;

/** Tells whether a cell means that there is no value; upper and lower case are the same. */
export const missingTest = (words: readonly string[]): ((cell: string) => boolean) => {
  const known = new Set(["", ...words.map((word) => word.trim().toLowerCase())]);
  // Nearly every cell is told by its first character: a table has millions.
  const beginsWord = new Uint8Array(ASCII);
  for (const word of known) {
    for (const letter of [word, word.toUpperCase()]) beginsWord[letter.charCodeAt(0) % ASCII] = 1;
  }
  return (cell) => {
    const first = cell.charCodeAt(0);
    if (first > SPACE && first < ASCII && beginsWord[first] === 0) return false;
    const word = cell.trim();
    return word === "" || (word.length < 64 && known.has(word.toLowerCase()));
  };
};

const BOOLEANS = new Map<string, boolean>([
  ["true", true],
  ["false", false],
  ["yes", true],
  ["no", false],
]);
/** Understood where the column is said to be a boolean; unsaid, `F` may as well be a sex. */
const TOLD_BOOLEANS = new Map<string, boolean>([...BOOLEANS, ["t", true], ["f", false], ["y", true], ["n", false]]);

const zeroOrOne = (cell: string, decimalMark: DecimalMark): boolean | undefined => {
  const value = parseNumber(cell, decimalMark);
  return value === 1 ? true : value === 0 ? false : undefined;
};

/** The value that a cell holds as a type, or undefined where it holds none of that type. */
export const parseValue = (cell: string, type: AttributeType, decimalMark: DecimalMark): Value | undefined => {
  switch (type) {
    case "NUMBER":
      return parseNumber(cell, decimalMark);
    case "BOOLEAN":
      return TOLD_BOOLEANS.get(cell.trim().toLowerCase()) ?? zeroOrOne(cell, decimalMark);
    case "CATEGORY":
    case "TEXT":
      return cell.trim();
  }
};

/** Names of columns in which 0 and 1 mean no and yes: `is_female`, `IDH1_mut`. */
const BOOLEAN_NAME = /^(?:is|has|had|was)[ _.-]|[ _.-](?:mut|mutated|mutant|mutation)$/i;
/** `007` is a name, not a number. */
const LEADING_ZERO = /^\s*[+-]?0\d/;

const ZERO = 48;
const NINE = 57;

/** The number that a cell of a column of numbers holds; undefined for what makes it another kind of column. */
export const plainNumber = (cell: string, decimalMark: DecimalMark): number | undefined => {
  const value = parseNumber(cell, decimalMark);
  if (value === undefined) return undefined;
  // Nothing that begins with 1 to 9 begins with a zero.
  const first = cell.charCodeAt(0);
  if (first > ZERO && first <= NINE) return value;
  return LEADING_ZERO.test(cell) ? undefined : value;
};

/** What a column of nothing but numbers is. */
export const numericType = (name: string, areBits: boolean): AttributeType =>
  areBits && BOOLEAN_NAME.test(name.trim()) ? "BOOLEAN" : "NUMBER";
const MOST_CATEGORIES = 50;
const FEW_CATEGORIES = 10;
const LONGEST_CATEGORY = 100;

/**
 * What the values of a column are. NUMBER when every one is a number; BOOLEAN for true/false and yes/no, and for 0/1 where
 * the column's name says so; CATEGORY for at most 50 short words of which each stands for two rows or more on average
 * (at most 10 where there are few rows); else TEXT.
 * @param cells those that are not missing
 */
export const inferType = (name: string, cells: readonly string[], decimalMark: DecimalMark): AttributeType => {
  const distinct = new Set<string>();
  let areNumbers = true;
  let areBooleans = true;
  let areBits = true;
  let longest = 0;
  for (const cell of cells) {
    if (areNumbers) {
      const value = plainNumber(cell, decimalMark);
      if (value === undefined) areNumbers = false;
      else if (value !== 0 && value !== 1) areBits = false;
    }
    if (areBooleans && !BOOLEANS.has(cell.trim().toLowerCase())) areBooleans = false;
    if (areNumbers || areBooleans || distinct.size <= MOST_CATEGORIES) {
      if (distinct.size <= MOST_CATEGORIES) distinct.add(cell.trim());
      longest = Math.max(longest, cell.length);
    } else break;
  }
  if (cells.length === 0) return "CATEGORY";
  if (areBooleans) return "BOOLEAN";
  if (areNumbers) return numericType(name, areBits);
  const isRepeated = distinct.size <= FEW_CATEGORIES || distinct.size * 2 <= cells.length;
  return distinct.size <= MOST_CATEGORIES && isRepeated && longest <= LONGEST_CATEGORY ? "CATEGORY" : "TEXT";
};

const share = (cells: readonly string[], type: AttributeType, decimalMark: DecimalMark): number => {
  let fitting = 0;
  for (const cell of cells) if (parseValue(cell, type, decimalMark) !== undefined) fitting++;
  return cells.length === 0 ? 1 : fitting / cells.length;
};

/**
 * The type to read a column as that the study knows already, where nobody says it: the known one if the values allow it,
 * else what they look like (which is then refused).
 */
export const typeAlike = (
  known: { type: AttributeType; categories: readonly string[] },
  inferred: AttributeType,
  cells: readonly string[],
  decimalMark: DecimalMark,
): AttributeType => {
  if (cells.length === 0 || known.type === inferred || known.type === "TEXT") return known.type;
  switch (known.type) {
    case "NUMBER":
      // A few words among numbers are mistakes of the table; mostly words are another thing.
      return share(cells, "NUMBER", decimalMark) >= 0.5 ? "NUMBER" : inferred;
    case "BOOLEAN":
      return share(cells, "BOOLEAN", decimalMark) === 1 ? "BOOLEAN" : inferred;
    case "CATEGORY": {
      if (inferred === "TEXT") return "CATEGORY";
      const categories = new Set(known.categories);
      return cells.every((cell) => categories.has(cell.trim())) ? "CATEGORY" : inferred;
    }
  }
};
