/**
 * Jensen–Shannon distance of two distributions: the square root of the divergence (Lin 1991) with logarithms to base 2, which
 * is a metric (Endres & Schindelin 2003). 0 for equal ones, 1 for ones that have nothing in common.
 * @param p shares that sum to 1, and `q` of equal length
 */
export const jensenShannonDistance = (p: ArrayLike<number>, q: ArrayLike<number>): number => {
  let divergence = 0;
  for (let index = 0; index < p.length; index++) {
    const [a, b] = [p[index] as number, q[index] as number];
    const middle = (a + b) / 2;
    if (a > 0) divergence += (a / 2) * Math.log2(a / middle);
    if (b > 0) divergence += (b / 2) * Math.log2(b / middle);
  }
  // Rounding may take equal distributions a little below 0, and disjoint ones above 1.
  return Math.sqrt(Math.min(1, Math.max(0, divergence)));
};

/**
 * How far two sets of weighted points are apart: the mean over the points of each of the distance to the nearest of the other,
 * by weight, and the mean of both directions (the sum of minimum distances of Eiter & Mannila 1997, weighted). Symmetric, and 0
 * exactly when each set's points lie in the other.
 * @param distances `[a, b]`, row-major
 * @param a weights that sum to 1, of the rows, and `b` of the columns
 */
export const meanOfMinima = (distances: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const nearestInA = Array.from(b, () => Number.POSITIVE_INFINITY);
  let fromA = 0;
  for (let row = 0; row < a.length; row++) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let column = 0; column < b.length; column++) {
      const distance = distances[row * b.length + column] as number;
      nearest = Math.min(nearest, distance);
      nearestInA[column] = Math.min(nearestInA[column] as number, distance);
    }
    fromA += (a[row] as number) * nearest;
  }
  const fromB = nearestInA.reduce((sum, nearest, column) => sum + (b[column] as number) * nearest, 0);
  return (fromA + fromB) / 2;
};
