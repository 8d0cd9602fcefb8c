import { HistoError } from "../platform/errors.ts";

/** Numbers of a file, `[rows, dims]`. */
export type Floats = Float16Array | Float32Array | Float64Array;

const GREATEST_HALF = 65504;

/** IEEE 754 binary16: all exponent bits are set in infinities and in what is not a number. */
const EXPONENT = 0x7c00;

/** Whether any half is infinite or not a number. Two at a time: an exponent of ones carries into the bit above it. */
const hasNonFinite = (halves: Uint16Array): boolean => {
  const pairs = new Uint32Array(halves.buffer, halves.byteOffset, halves.length >> 1);
  let carried = 0;
  for (let index = 0; index < pairs.length; index++) {
    carried |= ((pairs[index] as number) & 0x7c007c00) + 0x04000400;
  }
  const last = halves.length % 2 === 1 ? (halves[halves.length - 1] as number) & EXPONENT : 0;
  return (carried & 0x80008000) !== 0 || last === EXPONENT;
};

const refuseNonFinite = (values: Floats, halves: Uint16Array, dims: number, firstRow: number): never => {
  const at = halves.findIndex((half) => (half & EXPONENT) === EXPONENT);
  const row = firstRow + Math.floor(at / dims);
  const isTooGreat = Number.isFinite(values[at]);
  throw new HistoError(
    "NOT_FINITE",
    isTooGreat
      ? `The vector of row ${row} (counted from 0) has a number beyond ${GREATEST_HALF}, the greatest of half precision.`
      : `The vector of row ${row} (counted from 0) has a number that is infinite or not a number.`,
    { fix: isTooGreat ? "Scale the features, then import again." : "Compute the features of this slide again." },
  );
};

/**
 * Vectors as they are stored: IEEE 754 binary16, rounded to nearest, ties to even. Halves stay as they are.
 * @param values `[rows, dims]`
 * @param firstRow the number of the first row, for the error
 * @throws HistoError NOT_FINITE with the row
 */
export const halvesOf = (values: Floats, dims: number, firstRow: number): Uint16Array<ArrayBuffer> => {
  const rounded = new Float16Array(values.length);
  rounded.set(values);
  const halves = new Uint16Array(rounded.buffer);
  return hasNonFinite(halves) ? refuseNonFinite(values, halves, dims, firstRow) : halves;
};
