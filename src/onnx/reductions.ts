import {
  add,
  compare,
  detached,
  divide,
  exp,
  log,
  multiply,
  scale,
  squareRoot,
  subtract,
  toFloat,
} from "./elementwise.ts";
import { type Dimension, int } from "./graph-builder.ts";
import { expandTo } from "./shaping.ts";
import type { Tape, Tensor } from "./tape.ts";

// Sums and what is made of them. The reduced axes stay, with size 1, so that results broadcast against their input.

const withOnes = (shape: readonly Dimension[], axes: readonly number[]): Dimension[] =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** Sum over `axes`, which stay with size 1. */
export const sum = (tape: Tape, x: Tensor, axes: readonly number[]): Tensor =>
  tape.apply("ReduceSum", [x, tape.builder.integers(axes)], withOnes(x.shape, axes), (g) => [
    expandTo(tape, g, x.shape),
  ]);

/** Mean over `axes`, which stay with size 1. */
export const mean = (tape: Tape, x: Tensor, axes: readonly number[]): Tensor =>
  tape.apply("ReduceMean", [x, tape.builder.integers(axes)], withOnes(x.shape, axes), (g) => {
    const ones = sum(
      tape,
      expandTo(
        tape,
        tape.constant(
          [1],
          x.shape.map(() => 1),
        ),
        x.shape,
      ),
      axes,
    );
    return [expandTo(tape, divide(tape, g, ones), x.shape)];
  });

/** The greatest value over `axes`, which stay with size 1; values that tie for it share the gradient. */
export const max = (tape: Tape, x: Tensor, axes: readonly number[]): Tensor => {
  const greatest: Tensor = tape.apply("ReduceMax", [x, tape.builder.integers(axes)], withOnes(x.shape, axes), (g) => {
    const chosen = toFloat(tape, compare(tape, "Equal", x, greatest));
    return [multiply(tape, g, divide(tape, chosen, sum(tape, chosen, axes)))];
  });
  return greatest;
};

/** ln Σ eˣ over `axes`, shifted by the maximum so that nothing overflows. */
export const logSumExp = (tape: Tape, x: Tensor, axes: readonly number[]): Tensor => {
  const constant = detached(x);
  const shift = max(tape, constant, axes);
  const total = add(tape, log(tape, sum(tape, exp(tape, subtract(tape, constant, shift)), axes)), shift);
  return tape.define(total, [x], (g) => [multiply(tape, g, exp(tape, subtract(tape, constant, total)))]);
};

export const softmax = (tape: Tape, x: Tensor, axis: number): Tensor => {
  const y: Tensor = tape.apply(
    "Softmax",
    [x],
    x.shape,
    (g) => {
      const weighted = multiply(tape, g, y);
      return [subtract(tape, weighted, multiply(tape, y, sum(tape, weighted, [axis])))];
    },
    { axis: int(axis) },
  );
  return y;
};

/** Ba, Kiros & Hinton 2016, over the last axis: (x − mean) / √(variance + ε) · gain + offset. */
export const layerNorm = (tape: Tape, x: Tensor, gain: Tensor, offset: Tensor, epsilon = 1e-5): Tensor => {
  const last = [x.shape.length - 1];
  const centred = subtract(tape, x, mean(tape, x, last));
  const variance = mean(tape, multiply(tape, centred, centred), last);
  const normal = divide(tape, centred, squareRoot(tape, scale(tape, variance, 1, epsilon)));
  return add(tape, multiply(tape, normal, gain), offset);
};
