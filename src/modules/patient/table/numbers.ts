import type { DecimalMark } from "./table.ts";

const PATTERNS: Record<DecimalMark, RegExp> = {
  ".": /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/,
  ",": /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d{1,3})?$/,
};

/**
 * The number that a cell holds, or undefined. There are no thousands separators: `1,234` is one number here and another one
 * there, so that it is better told than guessed.
 */
export const parseNumber = (text: string, decimalMark: DecimalMark): number | undefined => {
  const trimmed = text.trim();
  if (!PATTERNS[decimalMark].test(trimmed)) return undefined;
  const value = Number(decimalMark === "," ? trimmed.replace(",", ".") : trimmed);
  // Negative zero is a zero that would compare as another one once written.
  return Number.isFinite(value) ? value + 0 : undefined;
};

const WITH_POINT = /^\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*$/;
const WITH_COMMA = /^\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*$/;
/** May also be a thousand: three digits behind the comma, one to three before. */
const MAYBE_THOUSANDS = /^\s*[+-]?[1-9]\d{0,2},\d{3}\s*$/;
const SAMPLE_ROWS = 2000;

/** The mark that most of the fractions of a table have; a point where there are none. */
export const detectDecimalMark = (rows: readonly (readonly string[])[], delimiter?: string): DecimalMark => {
  let points = 0;
  let commas = 0;
  for (const row of rows.slice(0, SAMPLE_ROWS)) {
    for (const cell of row) {
      if (WITH_POINT.test(cell)) points++;
      else if (WITH_COMMA.test(cell) && (delimiter === ";" || !MAYBE_THOUSANDS.test(cell))) commas++;
    }
  }
  return commas > points ? "," : ".";
};
