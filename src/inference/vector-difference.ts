export type VectorDifference = {
  /** Largest absolute difference of two numbers, over the largest absolute number of the reference. */
  largest: number;
  /** Mean absolute difference, on the same scale. */
  mean: number;
  /** Smallest cosine of two vectors of the same patch; 1 where both are zero. */
  leastCosine: number;
};

/** How far vectors lie from those of a reference; both row-major [patches, dims], halves as their bits. */
export const compareVectors = (
  vectors: Float32Array | Uint16Array,
  reference: Float32Array | Uint16Array,
  dims: number,
): VectorDifference => {
  const [a, b] = [floatsOf(vectors), floatsOf(reference)];
  if (a.length !== b.length) throw new Error(`${a.length} numbers cannot be compared with ${b.length}.`);
  let [largest, sum, scale, leastCosine] = [0, 0, 0, 1];
  for (let row = 0; row < a.length; row += dims) {
    let [dot, aa, bb] = [0, 0, 0];
    for (let at = row; at < row + dims; at++) {
      const [x, y] = [a[at] ?? Number.NaN, b[at] ?? Number.NaN];
      // A NaN must not be lost: Math.max keeps it.
      largest = Math.max(largest, Math.abs(x - y));
      sum += Math.abs(x - y);
      scale = Math.max(scale, Math.abs(y));
      dot += x * y;
      aa += x * x;
      bb += y * y;
    }
    leastCosine = Math.min(leastCosine, aa === 0 && bb === 0 ? 1 : dot / Math.sqrt(aa * bb));
  }
  const unit = scale || 1;
  return { largest: largest / unit, mean: sum / Math.max(1, a.length) / unit, leastCosine };
};

const floatsOf = (vectors: Float32Array | Uint16Array): Float32Array | Float16Array =>
  vectors instanceof Float32Array
    ? vectors
    : new Float16Array(vectors.buffer as ArrayBuffer, vectors.byteOffset, vectors.length);
