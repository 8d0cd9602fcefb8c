import type { CellValue, Workbook } from "hucre";
import { HistoError } from "../../../platform/errors.ts";
import { columnLetters } from "./table.ts";

/** A zip file, as every XLSX is, begins with these. */
export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03;

/** Excel's format before 2007 (a compound file), which is also that of an encrypted workbook. */
const isCompoundFile = (bytes: Uint8Array): boolean => bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11;

/** @throws HistoError FORMAT_UNSUPPORTED for a spreadsheet of another format than XLSX */
export const refuseOldWorkbook = (bytes: Uint8Array): void => {
  if (!isCompoundFile(bytes)) return;
  throw new HistoError("FORMAT_UNSUPPORTED", "The table is an old or encrypted Excel workbook.", {
    fix: "Save it as XLSX without a password, or as CSV in UTF-8.",
  });
};

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** Bytes that a zip says that it unpacks to; a workbook's directory is read before anything is unpacked. */
const unpackedBytes = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0) return 0;
  let total = 0;
  let at = view.getUint32(end + 16, true);
  while (at + 46 <= bytes.length && view.getUint32(at, true) === DIRECTORY_ENTRY) {
    total += view.getUint32(at + 24, true);
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return total;
};

const cellText = (value: CellValue): string => {
  if (value === null) return "";
  if (value instanceof Date) {
    const text = Number.isNaN(value.getTime()) ? "" : value.toISOString();
    return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text;
  }
  // A character reference may name what is no character of a text.
  return String(value).toWellFormed().replaceAll("\0", "");
};

const open = async (bytes: Uint8Array): Promise<Workbook> => {
  // Most tables are text: only a workbook takes the time to load this.
  const { readXlsx } = await import("hucre/xlsx");
  try {
    return await readXlsx(bytes, { sheets: (sheet) => !sheet.hidden && !sheet.veryHidden });
  } catch (cause) {
    throw new HistoError("FORMAT_UNSUPPORTED", "The table cannot be read as an XLSX workbook.", {
      fix: "Open it in a spreadsheet and save it as XLSX again, or as CSV in UTF-8.",
      cause,
    });
  }
};

/**
 * The cells of a workbook's first visible sheet, as texts: numbers with a decimal point, dates as `2026-11-23`.
 * @param maxBytes that it may unpack to
 * @throws HistoError FORMAT_UNSUPPORTED, LIMIT_EXCEEDED, and VALUE_UNPARSABLE naming the first formula or error cell
 */
export const readWorkbook = async (bytes: Uint8Array, maxBytes: number): Promise<string[][]> => {
  if (unpackedBytes(bytes) > maxBytes) {
    throw new HistoError("LIMIT_EXCEEDED", `The workbook unpacks to more than ${maxBytes} bytes.`, {
      fix: "Import it in parts, or as CSV.",
    });
  }
  const sheet = (await open(bytes)).sheets[0];
  for (const [place, cell] of sheet?.cells ?? []) {
    const isFormula = cell.formula !== undefined || cell.type === "formula";
    if (!isFormula && cell.type !== "error") continue;
    const [row = 0, column = 0] = place.split(",").map(Number);
    const name = `${columnLetters(column)}${row + 1}`;
    throw new HistoError("VALUE_UNPARSABLE", `Cell ${name} is ${isFormula ? "a formula" : "an error value"}.`, {
      fix: "Replace formulas by their values (copy, paste as values) and correct errors, then import again.",
      path: [name],
    });
  }
  return (sheet?.rows ?? []).map((row) => row.map(cellText));
};
