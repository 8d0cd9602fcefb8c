/** All exponent bits of a half-precision number; infinities and NaNs are exactly the numbers that have them all. */
const HALF_EXPONENT = 0x7c00;

/** Row of the first vector that holds a NaN or an infinity, or null. `vectors` is row-major [n, dims]; halves as bits. */
export const firstNonFiniteRow = (vectors: Float32Array | Uint16Array, dims: number): number | null => {
  const index =
    vectors instanceof Float32Array
      ? vectors.findIndex((value) => !Number.isFinite(value))
      : vectors.findIndex((bits) => (bits & HALF_EXPONENT) === HALF_EXPONENT);
  return index < 0 ? null : Math.floor(index / dims);
};
