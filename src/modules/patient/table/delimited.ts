import { HistoError } from "../../../platform/errors.ts";

/** Delimited text after RFC 4180, with any one-character delimiter and any line ending. */

export const DELIMITERS = [",", ";", "\t", "|"] as const;

const QUOTE = '"';

export type Records = {
  records: string[][];
  /** Of each record: its place among all records, blank ones included, from 1. */
  rowNumbers: number[];
};

const refuse = (row: number, message: string): HistoError =>
  new HistoError("VALUE_UNPARSABLE", `Row ${row}: ${message}`, {
    fix: 'Write a quote inside of a quoted cell twice: "he said ""yes""".',
  });

/** One quoted cell: its text, and where it ends. */
const readQuoted = (text: string, start: number, row: number): { cell: string; end: number } => {
  let cell = "";
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf(QUOTE, at);
    if (quote < 0) throw refuse(row, "a quoted cell has no end.");
    cell += text.slice(at, quote);
    if (text[quote + 1] !== QUOTE) return { cell, end: quote + 1 };
    cell += QUOTE;
    at = quote + 2;
  }
};

/** A record with at least one quote in it, and where the next one begins. */
const readQuotedRecord = (text: string, start: number, delimiter: string, row: number) => {
  const cells: string[] = [];
  let at = start;
  for (;;) {
    if (text[at] === QUOTE) {
      const { cell, end } = readQuoted(text, at, row);
      cells.push(cell);
      at = end;
      const next = text[at];
      if (next !== undefined && next !== delimiter && next !== "\n" && next !== "\r") {
        throw refuse(row, `"${text.slice(at, at + 10)}" stands behind the end of a quoted cell.`);
      }
    } else {
      const begin = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at++;
      cells.push(text.slice(begin, at));
    }
    if (text[at] !== delimiter) break;
    at++;
  }
  if (text[at] === "\r") at++;
  if (text[at] === "\n" && at > start) at++;
  return { cells, next: at };
};

/** Where the line that begins at `start` ends, and where the next one begins. `\n`, `\r\n` and a lone `\r` end lines. */
const lineEnd = (text: string, start: number, hasLoneReturns: boolean): { end: number; next: number } => {
  const feed = text.indexOf("\n", start);
  const end = feed < 0 ? text.length : feed;
  if (hasLoneReturns) {
    const carriage = text.indexOf("\r", start);
    if (carriage >= 0 && carriage < end) {
      return { end: carriage, next: text[carriage + 1] === "\n" ? carriage + 2 : carriage + 1 };
    }
  }
  const next = feed < 0 ? text.length : feed + 1;
  return { end: feed > start && text[feed - 1] === "\r" ? feed - 1 : end, next };
};

/**
 * The records of a delimited text. Blank lines are skipped.
 * @throws HistoError VALUE_UNPARSABLE for a quote without end, or text behind one
 */
export const parseDelimited = (text: string, delimiter: string): Records => {
  const records: string[][] = [];
  const rowNumbers: number[] = [];
  const hasLoneReturns = /\r(?!\n)/.test(text);
  let nextQuote = text.indexOf(QUOTE);
  let row = 0;
  for (let at = 0; at < text.length; ) {
    row++;
    const { end, next } = lineEnd(text, at, hasLoneReturns);
    if (nextQuote >= 0 && nextQuote < at) nextQuote = text.indexOf(QUOTE, at);
    let cells: string[];
    if (nextQuote >= 0 && nextQuote < end) {
      const record = readQuotedRecord(text, at, delimiter, row);
      cells = record.cells;
      at = record.next;
    } else {
      cells = text.slice(at, end).split(delimiter);
      at = next;
    }
    if (cells.length === 1 && cells[0]?.trim() === "") continue;
    records.push(cells);
    rowNumbers.push(row);
  }
  return { records, rowNumbers };
};

const SAMPLE_CHARACTERS = 64 * 1024;
const SAMPLE_RECORDS = 50;

/** The delimiter that cuts the first records into the same number of cells, the larger the better; a comma where none does. */
export const detectDelimiter = (text: string): string => {
  const sample = text.length > SAMPLE_CHARACTERS ? text.slice(0, text.lastIndexOf("\n", SAMPLE_CHARACTERS) + 1) : text;
  const scored = DELIMITERS.map((delimiter) => {
    const widths = tryParse(sample, delimiter)
      .slice(0, SAMPLE_RECORDS)
      .map((cells) => cells.length);
    const width = widths[0] ?? 1;
    const agreeing = widths.filter((other) => other === width).length / Math.max(1, widths.length);
    return { delimiter, score: width > 1 ? agreeing * agreeing * Math.log2(width) : 0 };
  });
  return scored.reduce((best, candidate) => (candidate.score > best.score ? candidate : best)).delimiter;
};

/** The records up to where the sample was cut off, maybe inside of a quoted cell. */
const tryParse = (sample: string, delimiter: string): string[][] => {
  try {
    return parseDelimited(sample || " ", delimiter).records;
  } catch {
    const firstLine = sample.slice(0, lineEnd(sample, 0, true).end);
    return [firstLine.split(delimiter)];
  }
};
