import { HistoError } from "../../../platform/errors.ts";
import {
  type AttributeType,
  inferType,
  numericType,
  parseValue,
  plainNumber,
  typeAlike,
  type Value,
} from "./columnTypes.ts";
import { type Conflicts, shown } from "./conflicts.ts";
import type { AttributeColumn, KnownAttribute, Level } from "./meaning.ts";
import type { Table } from "./table.ts";

export type TypedColumn = {
  key: string;
  label: string | null;
  type: AttributeType;
  unit: string | null;
  /** One a row: null where there is none, undefined where the cell is not of the type. */
  values: (Value | null | undefined)[];
};

const requireSameLevel = (known: KnownAttribute, level: Level): void => {
  if (known.level === level) return;
  const owner = known.level === "PATIENT" ? "patients" : "slides";
  throw new HistoError("CONFLICT", `Attribute "${known.key}" belongs to ${owner} in this study.`, {
    fix: `Import it at the level ${known.level}, or give the column another key.`,
    path: ["level"],
  });
};

const requireSameType = (known: KnownAttribute, type: AttributeType, isTold: boolean): void => {
  if (known.type === type) return;
  throw new HistoError(
    "TYPE_MISMATCH",
    `Attribute "${known.key}" is ${known.type} in this study; the table's column is ${type}.`,
    {
      fix: isTold
        ? `Say type: ${known.type}, or give the column another key.`
        : `Correct the column, say type: ${known.type} to leave out what does not fit, or give the column another key.`,
      path: ["attributes"],
    },
  );
};

const NAMES: Record<AttributeType, string> = {
  NUMBER: "a number",
  BOOLEAN: "true or false",
  CATEGORY: "a word",
  TEXT: "a text",
};

/**
 * The values of a column that has nothing but numbers, in one pass, which is what most of a large table is; undefined for
 * any other.
 */
const readNumbers = (
  table: Table,
  column: number,
  isMissing: (cell: string) => boolean,
): (number | null)[] | undefined => {
  const { rows, decimalMark } = table;
  const values: (number | null)[] = [];
  let areBits = true;
  let filled = 0;
  for (const row of rows) {
    const cell = row[column] ?? "";
    if (isMissing(cell)) {
      values.push(null);
      continue;
    }
    const value = plainNumber(cell, decimalMark);
    if (value === undefined) return undefined;
    if (value !== 0 && value !== 1) areBits = false;
    filled++;
    values.push(value);
  }
  return filled > 0 && numericType(table.header[column] ?? "", areBits) === "NUMBER" ? values : undefined;
};

/**
 * Reads one column as what the caller says that it is, as what the study knows, or as what its values look like.
 * @throws HistoError TYPE_MISMATCH or CONFLICT against the study's dictionary
 */
export const readColumn = (
  table: Table,
  { column, key, label, type: told, unit }: AttributeColumn,
  level: Level,
  dictionary: readonly KnownAttribute[],
  isMissing: (cell: string) => boolean,
  conflicts: Conflicts,
): TypedColumn => {
  const known = dictionary.find((attribute) => attribute.key === key);
  if (known) requireSameLevel(known, level);
  if (told === null && (!known || known.type === "NUMBER")) {
    const numbers = readNumbers(table, column, isMissing);
    if (numbers) return { key, label, type: "NUMBER", unit, values: numbers };
  }
  const { decimalMark, rows } = table;
  const filled: string[] = [];
  for (const row of rows) {
    const cell = row[column] ?? "";
    if (!isMissing(cell)) filled.push(cell);
  }
  const inferred = told ?? inferType(table.header[column] ?? "", filled, decimalMark);
  const type = told ?? (known ? typeAlike(known, inferred, filled, decimalMark) : inferred);
  if (known) requireSameType(known, type, told !== null);
  const refuse = (row: number, cell: string): undefined => {
    const number = table.rowNumbers[row];
    conflicts.add({
      code: "VALUE_UNPARSABLE",
      message: `Row ${number}, column "${table.header[column]}": ${shown(cell.trim())} is not ${NAMES[type]}.`,
      path: [key, `row ${number}`],
      fix:
        type === "NUMBER"
          ? "Correct the cell, say which decimalMark the table has, or list the word in missingValues."
          : "Correct the cell, or list the word in missingValues.",
    });
    return undefined;
  };
  const values = rows.map((cells, row): Value | null | undefined => {
    const cell = cells[column] ?? "";
    if (isMissing(cell)) return null;
    const value = parseValue(cell, type, decimalMark);
    return value === undefined ? refuse(row, cell) : value;
  });
  return { key, label, type, unit, values };
};
