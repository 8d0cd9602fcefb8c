import type { DecimalMark } from "./table.ts";

const PATTERNS: Record<DecimalMark, RegExp> = {
  ".": /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  ",": /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/,
};

const ZERO = 48;
const NINE = 57;
const MINUS = 45;
/** JavaScript reads `0x10` and the like as numbers. */
const PREFIXED = /^0[xob]/i;

/**
 * What most cells of large tables are, a few times as fast as by the pattern: digits with a point, a minus before them.
 * Undefined for whatever else may be a number.
 */
const plainDecimal = (text: string): number | undefined => {
  const first = text.charCodeAt(0);
  if (!((first >= ZERO && first <= NINE) || first === MINUS)) return undefined;
  const value = +text;
  return Number.isFinite(value) && !(first === ZERO && PREFIXED.test(text)) ? value + 0 : undefined;
};

/**
 * The number that a cell holds, or undefined. There are no thousands separators: `1,234` is one number here and another one
 * there, so that it is better told than guessed.
 */
export const parseNumber = (text: string, decimalMark: DecimalMark): number | undefined => {
  if (decimalMark === ".") {
    const plain = plainDecimal(text);
    if (plain !== undefined) return plain;
  }
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
