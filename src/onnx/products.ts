import { compare, toFloat } from "./elementwise.ts";
import { type Dimension, int } from "./graph-builder.ts";
import { transpose } from "./shaping.ts";
import { sumToShape, type Tape, type Tensor } from "./tape.ts";

// Matrix products, and gathering as one.

const size = (x: Tensor, axis: number): Dimension => x.shape.at(axis) as Dimension;

/** Matrices `[m, k]·[k, n]`, either of them read transposed: no copy is made, as a Transpose node would. */
const gemm = (tape: Tape, a: Tensor, b: Tensor, transA: boolean, transB: boolean, bias?: Tensor): Tensor =>
  tape.apply(
    "Gemm",
    bias ? [a, b, bias] : [a, b],
    [size(a, transA ? 1 : 0), size(b, transB ? 0 : 1)],
    (g) => [
      a.differentiable ? (transA ? gemm(tape, b, g, transB, true) : gemm(tape, g, b, false, !transB)) : null,
      b.differentiable ? (transB ? gemm(tape, g, a, true, transA) : gemm(tape, a, g, !transA, false)) : null,
      bias?.differentiable ? sumToShape(tape, g, bias.shape) : null,
    ],
    { transA: int(transA ? 1 : 0), transB: int(transB ? 1 : 0) },
  );

const swapLast = (tape: Tape, x: Tensor): Tensor => {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(tape, x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

/** Matrix product of the last two axes; axes before them are batches, which broadcast. */
export const matmul = (
  tape: Tape,
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false }: { transA?: boolean; transB?: boolean } = {},
): Tensor => {
  const inner = size(a, transA ? -2 : -1);
  if (inner !== size(b, transB ? -1 : -2)) throw new Error(`Shapes [${a.shape}] and [${b.shape}] do not multiply.`);
  if (a.shape.length === 2 && b.shape.length === 2) return gemm(tape, a, b, transA, transB);
  const left = transA ? swapLast(tape, a) : a;
  const right = transB ? swapLast(tape, b) : b;
  const batches = left.shape.length >= right.shape.length ? left.shape.slice(0, -2) : right.shape.slice(0, -2);
  return tape.apply("MatMul", [left, right], [...batches, size(left, -2), size(right, -1)], (g) => [
    left.differentiable ? sumToShape(tape, matmul(tape, g, right, { transB: true }), left.shape) : null,
    right.differentiable ? sumToShape(tape, matmul(tape, left, g, { transA: true }), right.shape) : null,
  ]);
};

/** x·Wᵀ + b for x `[rows, in]`, W `[out, in]`, b `[out]`: the layout of PyTorch's Linear. */
export const linear = (tape: Tape, x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
  gemm(tape, x, weight, false, true, bias);

/** 1 where `indices[row]` (int32, `[rows]`) is `classes[column]` (int32, `[columns]`), else 0: `[columns, rows]`. */
export const oneHotColumns = (tape: Tape, indices: Tensor, classes: Tensor): Tensor => {
  const axis = (at: number): string => tape.builder.integers([at]);
  const row = tape.apply("Unsqueeze", [indices, axis(0)], [1, size(indices, 0)], null);
  const column = tape.apply("Unsqueeze", [classes, axis(1)], [size(classes, 0), 1], null);
  return toFloat(tape, compare(tape, "Equal", column, row));
};

/**
 * Rows of a matrix `[n, d]` by `indices` (int32, `[m]`). Its gradient is the sum of the rows that were taken from one
 * place: a product with the one-hot matrix, which every execution provider has and adds up in a fixed order.
 * `positions` is 0 … n − 1 (int32).
 */
export const gather = (tape: Tape, x: Tensor, indices: Tensor, positions: Tensor): Tensor =>
  tape.apply(
    "Gather",
    [x, indices],
    [size(indices, 0), size(x, 1)],
    (g) => [matmul(tape, oneHotColumns(tape, indices, positions), g), null],
    { axis: int(0) },
  );
