import { HistoError } from "../../../platform/errors.ts";
import { decodeText, requireText } from "./decodeText.ts";
import { detectDelimiter, parseDelimited, type Records } from "./delimited.ts";
import { detectDecimalMark } from "./numbers.ts";
import { columnLetters, type DecimalMark, type Table } from "./table.ts";
import { isZip, readWorkbook, refuseOldWorkbook } from "./workbook.ts";

export type TableOptions = {
  delimiter?: string | null | undefined;
  decimalMark?: string | null | undefined;
};

const MAX_UNPACKED_BYTES = 512 * 2 ** 20;
export const MAX_COLUMNS = 2000;

const bad = (message: string, fix: string, path?: string): HistoError =>
  new HistoError("BAD_ARGUMENT", message, { fix, ...(path !== undefined && { path: [path] }) });

const requireDelimiter = (delimiter: string): string => {
  const spelled = delimiter === "\\t" ? "\t" : delimiter;
  if ([...spelled].length === 1 && !/["\r\n]/.test(spelled)) return spelled;
  throw bad(
    "A delimiter is one character, and neither a quote nor the end of a line.",
    'Say ",", ";" or "\\t".',
    "delimiter",
  );
};

const requireDecimalMark = (mark: string): DecimalMark => {
  if (mark === "." || mark === ",") return mark;
  throw bad(`"${mark.slice(0, 10)}" is no decimal mark.`, 'Say "." or ",".', "decimalMark");
};

/** Cells that a spreadsheet would compute, were the table opened in one. Plain numbers never begin like that. */
const FORMULA = /^\s*[=@]/;
const SPACE = 32;
const EQUALS = 61;
const AT = 64;
const ASCII = 127;

const isFormula = (cell: string): boolean => {
  const first = cell.charCodeAt(0);
  // Decides for nearly every cell; the pattern is for those that begin with space of some kind.
  return (first <= SPACE || first === EQUALS || first === AT || first > ASCII) && FORMULA.test(cell);
};

const refuseFormulas = ({ records, rowNumbers }: Records): void => {
  for (const [index, record] of records.entries()) {
    const column = record.findIndex(isFormula);
    if (column < 0) continue;
    const name = `${columnLetters(column)}${rowNumbers[index]}`;
    throw new HistoError(
      "VALUE_UNPARSABLE",
      `Cell ${name} is a formula: it begins with "${record[column]?.trim()[0]}".`,
      {
        fix: "Replace formulas by their values, then import again.",
        path: [name],
      },
    );
  }
};

const withoutBlankRows = (cells: readonly string[][]): Records => {
  const records: string[][] = [];
  const rowNumbers: number[] = [];
  cells.forEach((row, index) => {
    if (row.every((cell) => cell.trim() === "")) return;
    records.push(row);
    rowNumbers.push(index + 1);
  });
  return { records, rowNumbers };
};

const readHeader = (record: readonly string[]): string[] => {
  const header = record.map((name) => name.trim());
  while (header.at(-1) === "") header.pop();
  const seen = new Set<string>();
  for (const name of header) {
    if (name !== "" && seen.has(name)) {
      throw bad(`Two columns are called "${name.slice(0, 100)}".`, "Give every column a name of its own.");
    }
    seen.add(name);
  }
  if (header.length > MAX_COLUMNS) {
    throw new HistoError("LIMIT_EXCEEDED", `The table has ${header.length} columns; ${MAX_COLUMNS} are possible.`, {
      fix: "Leave out what is not asked about, or import the columns in several tables.",
    });
  }
  return header;
};

/** Rows as wide as the header: what is missing at the end of a spreadsheet's row is empty, elsewhere the row is broken. */
const evenRow = (record: readonly string[], width: number, row: number, mayBeShort: boolean): readonly string[] => {
  if (record.length === width) return record;
  const isShort = record.length < width;
  if ((isShort && mayBeShort) || (!isShort && record.slice(width).every((cell) => cell.trim() === ""))) {
    return Array.from({ length: width }, (_, index) => record[index] ?? "");
  }
  throw new HistoError("VALUE_UNPARSABLE", `Row ${row} has ${record.length} cells; the header has ${width}.`, {
    fix: "Quote cells that contain the delimiter, or say which delimiter it is.",
  });
};

/**
 * Reads a clinical table out of a file's bytes, or a text: CSV or TSV in UTF-8, UTF-16 or Windows-1252, or XLSX. Delimiter
 * and decimal mark are found out where they are not given.
 * @throws HistoError FORMAT_UNSUPPORTED, BAD_ARGUMENT, VALUE_UNPARSABLE, LIMIT_EXCEEDED
 */
export const readTable = async (source: Uint8Array | string, options: TableOptions = {}): Promise<Table> => {
  const isWorkbook = typeof source !== "string" && isZip(source);
  if (typeof source !== "string") refuseOldWorkbook(source);
  let parsed: Records;
  let delimiter: string | undefined;
  if (isWorkbook) {
    parsed = withoutBlankRows(await readWorkbook(source, MAX_UNPACKED_BYTES));
  } else {
    const text =
      typeof source === "string" ? requireText(source.replace(/^\uFEFF/, "").toWellFormed()) : decodeText(source);
    delimiter = options.delimiter == null ? detectDelimiter(text) : requireDelimiter(options.delimiter);
    parsed = parseDelimited(text, delimiter);
    refuseFormulas(parsed);
  }
  const [first, ...records] = parsed.records;
  const header = readHeader(first ?? []);
  const rowNumbers = parsed.rowNumbers.slice(1);
  const rows = records.map((record, index) => evenRow(record, header.length, rowNumbers[index] ?? 0, isWorkbook));
  if (rows.length === 0) throw bad("The table has no rows.", "Give a header and at least one row below it.");
  // A workbook's numbers are written by this program; whatever mark is given, theirs is the point.
  const decimalMark = isWorkbook
    ? detectDecimalMark([])
    : options.decimalMark == null
      ? detectDecimalMark(rows, delimiter)
      : requireDecimalMark(options.decimalMark);
  return { header, rows, rowNumbers, decimalMark };
};
