/** A symmetric positive definite matrix as L·D·Lᵀ: L unit lower triangular, row-major; its diagonal holds D. */
export type Factorisation = { size: number; factor: Float64Array };

/** Index of entry (row, column), row ≥ column, of a symmetric matrix packed by rows of its lower triangle. */
export const packedIndex = (row: number, column: number): number => (row * (row + 1)) / 2 + column;

export const packedLength = (size: number): number => (size * (size + 1)) / 2;

/** A full, row-major copy of the rows and columns `chosen` of a packed symmetric matrix. */
export const unpack = (packed: Float64Array, chosen: readonly number[]): Float64Array => {
  const size = chosen.length;
  const full = new Float64Array(size * size);
  chosen.forEach((a, row) => {
    chosen.forEach((b, column) => {
      full[row * size + column] = packed[packedIndex(Math.max(a, b), Math.min(a, b))] ?? 0;
    });
  });
  return full;
};

/**
 * L·D·Lᵀ of a symmetric matrix (row-major, `size` × `size`), in the given order of columns.
 * Gives the index of the first column that the ones before it explain up to `tolerance` (its pivot over its diagonal,
 * which is 1 − R² of the regression on them) when the matrix is not positive definite.
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., algorithm 4.1.2.
 */
export const factorise = (
  matrix: Float64Array,
  size: number,
  tolerance = 1e-12,
): { factorisation: Factorisation } | { dependentColumn: number } => {
  const factor = Float64Array.from(matrix);
  for (let column = 0; column < size; column += 1) {
    const diagonal = matrix[column * size + column] ?? 0;
    let pivot = diagonal;
    for (let k = 0; k < column; k += 1) {
      const l = factor[column * size + k] ?? 0;
      pivot -= l * l * (factor[k * size + k] ?? 0);
    }
    if (!(pivot > tolerance * diagonal)) return { dependentColumn: column };
    factor[column * size + column] = pivot;
    for (let row = column + 1; row < size; row += 1) {
      let value = matrix[row * size + column] ?? 0;
      for (let k = 0; k < column; k += 1)
        value -= (factor[row * size + k] ?? 0) * (factor[column * size + k] ?? 0) * (factor[k * size + k] ?? 0);
      factor[row * size + column] = value / pivot;
    }
  }
  return { factorisation: { size, factor } };
};

/** x with A·x = rightHandSide, for A as factorised. */
export const solve = ({ size, factor }: Factorisation, rightHandSide: ArrayLike<number>): Float64Array => {
  const x = Float64Array.from(rightHandSide);
  for (let row = 0; row < size; row += 1)
    for (let k = 0; k < row; k += 1) x[row] = (x[row] ?? 0) - (factor[row * size + k] ?? 0) * (x[k] ?? 0);
  for (let row = 0; row < size; row += 1) x[row] = (x[row] ?? 0) / (factor[row * size + row] ?? 1);
  for (let row = size - 1; row >= 0; row -= 1)
    for (let k = row + 1; k < size; k += 1) x[row] = (x[row] ?? 0) - (factor[k * size + row] ?? 0) * (x[k] ?? 0);
  return x;
};

/** The inverse of the factorised matrix, row-major. */
export const invert = (factorisation: Factorisation): Float64Array => {
  const { size } = factorisation;
  const inverse = new Float64Array(size * size);
  for (let column = 0; column < size; column += 1) {
    const unit = new Float64Array(size);
    unit[column] = 1;
    solve(factorisation, unit).forEach((value, row) => {
      inverse[row * size + column] = value;
    });
  }
  return inverse;
};

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};
