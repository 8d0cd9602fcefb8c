/** Eigenvalues, greatest first, and their vectors as rows, row-major [size, size]. */
export type Eigenpairs = { values: Float64Array; vectors: Float64Array };

const MOST_SWEEPS = 60;

/**
 * All eigenpairs of a small symmetric matrix (row-major) by cyclic Jacobi rotations (Golub & Van Loan, Matrix
 * Computations, 4th ed., section 8.5). The time grows with the cube of the size: for some hundreds.
 */
export const symmetricEigen = (matrix: Float64Array, size: number): Eigenpairs => {
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const norm = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  const negligible = (norm * 1e-15) / size;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let rotations = 0;
    for (let p = 0; p < size - 1; p++) {
      for (let q = p + 1; q < size; q++) {
        const apq = a[p * size + q] ?? 0;
        if (Math.abs(apq) <= negligible) continue;
        rotations++;
        const theta = ((a[q * size + q] ?? 0) - (a[p * size + p] ?? 0)) / (2 * apq);
        const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const cosine = 1 / Math.sqrt(tangent * tangent + 1);
        rotateRows(a, size, p, q, cosine, tangent * cosine);
        rotateColumns(a, size, p, q, cosine, tangent * cosine);
        rotateRows(vectors, size, p, q, cosine, tangent * cosine);
      }
    }
    if (rotations === 0) break;
  }
  const order = Array.from({ length: size }, (_, i) => i).sort(
    (i, j) => (a[j * size + j] ?? 0) - (a[i * size + i] ?? 0) || i - j,
  );
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (i) => a[i * size + i] ?? 0), vectors: sorted };
};

const rotateRows = (m: Float64Array, size: number, p: number, q: number, cosine: number, sine: number): void => {
  const rowP = p * size;
  const rowQ = q * size;
  for (let i = 0; i < size; i++) {
    const x = m[rowP + i] ?? 0;
    const y = m[rowQ + i] ?? 0;
    m[rowP + i] = cosine * x - sine * y;
    m[rowQ + i] = sine * x + cosine * y;
  }
};

const rotateColumns = (m: Float64Array, size: number, p: number, q: number, cosine: number, sine: number): void => {
  for (let i = 0; i < size; i++) {
    const x = m[i * size + p] ?? 0;
    const y = m[i * size + q] ?? 0;
    m[i * size + p] = cosine * x - sine * y;
    m[i * size + q] = sine * x + cosine * y;
  }
};
