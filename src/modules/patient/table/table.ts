/** A clinical table as read: every cell a text, whatever the file was. */
export type Table = {
  header: readonly string[];
  /** Cells of each row, as many as the header has; empty text where the file has nothing. */
  rows: readonly (readonly string[])[];
  /** Where each row stands in the file, the header's row being 1 (as spreadsheets count). */
  rowNumbers: readonly number[];
  /** Decimal mark of its numbers. */
  decimalMark: DecimalMark;
};

export type DecimalMark = "." | ",";

/** `A`, `B`, …, `Z`, `AA`: how spreadsheets name the column at an index. */
export const columnLetters = (index: number): string => {
  let letters = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
};
