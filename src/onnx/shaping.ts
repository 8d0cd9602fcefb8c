import { type Dimension, ints } from "./graph-builder.ts";
import { sumToShape, type Tape, type Tensor } from "./tape.ts";

// Operators that move values without changing them.

/** A shape as an int64 value: constants, and sizes of free dimensions read from the inputs. */
const shapeValue = (tape: Tape, shape: readonly Dimension[]): string => {
  const free = shape.filter((size) => typeof size === "string");
  if (free.length === 0) return tape.builder.integers(shape as readonly number[]);
  const pieces = shape.map((size) => (typeof size === "string" ? tape.dimension(size) : tape.builder.integers([size])));
  return pieces.length === 1 ? (pieces[0] as string) : tape.builder.node("Concat", pieces, { axis: { int: 0 } });
};

/**
 * The same values in another shape. With one free dimension its size follows from the rest; with more, all but the last
 * one must be those of inputs.
 */
export const reshape = (tape: Tape, x: Tensor, shape: readonly Dimension[]): Tensor => {
  const lastFree = shape.findLastIndex((size) => typeof size === "string");
  const target = shapeValue(
    tape,
    shape.map((size, axis) => (axis === lastFree ? -1 : size)),
  );
  return tape.apply("Reshape", [x, target], shape, (g) => [reshape(tape, g, x.shape)]);
};

/** Repeats axes of size 1. */
export const expandTo = (tape: Tape, x: Tensor, shape: readonly Dimension[]): Tensor =>
  x.shape.length === shape.length && x.shape.every((size, axis) => size === shape[axis])
    ? x
    : tape.apply("Expand", [x, shapeValue(tape, shape)], shape, (g) => [sumToShape(tape, g, x.shape)]);

/** `order[i]` is the axis of `x` that becomes axis i. */
export const transpose = (tape: Tape, x: Tensor, order: readonly number[]): Tensor =>
  tape.apply(
    "Transpose",
    [x],
    order.map((axis) => x.shape[axis] as Dimension),
    (g) => [
      transpose(
        tape,
        g,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ],
    { perm: ints(...order) },
  );

/** The part from `start` to (not including) `end` of an axis with a fixed size. */
export const slice = (tape: Tape, x: Tensor, axis: number, start: number, end: number): Tensor => {
  const size = x.shape[axis];
  if (typeof size !== "number") throw new Error("Only an axis of fixed size is cut.");
  const integers = (value: number): string => tape.builder.integers([value]);
  return tape.apply(
    "Slice",
    [x, integers(start), integers(end), integers(axis)],
    x.shape.map((whole, each) => (each === axis ? end - start : whole)),
    (g) => [
      tape.apply(
        "Pad",
        [g, tape.builder.integers([start, size - end]), tape.builder.floats([0], []), integers(axis)],
        x.shape,
        null,
      ),
    ],
  );
};

/** Joins along an axis along which all have fixed sizes. */
export const concat = (tape: Tape, parts: readonly Tensor[], axis: number): Tensor => {
  const sizes = parts.map(({ shape }) => {
    const size = shape[axis];
    if (typeof size !== "number") throw new Error("Only axes of fixed size are joined.");
    return size;
  });
  const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((total, size) => total + size, 0));
  const whole = sizes.reduce((total, size) => total + size, 0);
  return tape.apply(
    "Concat",
    parts,
    (parts[0] as Tensor).shape.map((size, each) => (each === axis ? whole : size)),
    (g) => sizes.map((size, index) => slice(tape, g, axis, starts[index] as number, (starts[index] as number) + size)),
    { axis: { int: axis } },
  );
};
