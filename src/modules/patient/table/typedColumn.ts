import { HistoError } from "../../../platform/errors.ts";
import { type AttributeType, inferType, parseValue, typeAlike, type Value } from "./columnTypes.ts";
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
  const cells = table.rows.map((row) => row[column] ?? "");
  const filled = cells.filter((cell) => !isMissing(cell));
  const { decimalMark } = table;
  const inferred = told ?? inferType(table.header[column] ?? "", filled, decimalMark);
  const type = told ?? (known ? typeAlike(known, inferred, filled, decimalMark) : inferred);
  if (known) requireSameType(known, type, told !== null);
  const values = cells.map((cell, row): Value | null | undefined => {
    if (isMissing(cell)) return null;
    const value = parseValue(cell, type, decimalMark);
    if (value !== undefined) return typeof value === "string" ? value.toWellFormed() : value;
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
  });
  return { key, label, type, unit, values };
};
