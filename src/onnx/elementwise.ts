import { int } from "./graph-builder.ts";
import { ELEMENT_TYPES } from "./proto.ts";
import { broadcastShape, sumToShape, type Tape, type Tensor } from "./tape.ts";

// Elementwise operators with broadcasting; each gradient rule is the derivative of its formula.

export const add = (tape: Tape, a: Tensor, b: Tensor): Tensor =>
  tape.apply("Add", [a, b], broadcastShape(a.shape, b.shape), (g) => [
    a.differentiable ? sumToShape(tape, g, a.shape) : null,
    b.differentiable ? sumToShape(tape, g, b.shape) : null,
  ]);

export const subtract = (tape: Tape, a: Tensor, b: Tensor): Tensor =>
  tape.apply("Sub", [a, b], broadcastShape(a.shape, b.shape), (g) => [
    a.differentiable ? sumToShape(tape, g, a.shape) : null,
    b.differentiable ? sumToShape(tape, negate(tape, g), b.shape) : null,
  ]);

export const multiply = (tape: Tape, a: Tensor, b: Tensor): Tensor =>
  tape.apply("Mul", [a, b], broadcastShape(a.shape, b.shape), (g) => [
    a.differentiable ? sumToShape(tape, multiply(tape, g, b), a.shape) : null,
    b.differentiable ? sumToShape(tape, multiply(tape, g, a), b.shape) : null,
  ]);

export const divide = (tape: Tape, a: Tensor, b: Tensor): Tensor => {
  const quotient: Tensor = tape.apply("Div", [a, b], broadcastShape(a.shape, b.shape), (g) => {
    const scaled = divide(tape, g, b);
    return [
      a.differentiable ? sumToShape(tape, scaled, a.shape) : null,
      b.differentiable ? sumToShape(tape, negate(tape, multiply(tape, scaled, quotient)), b.shape) : null,
    ];
  });
  return quotient;
};

export const negate = (tape: Tape, x: Tensor): Tensor => tape.apply("Neg", [x], x.shape, (g) => [negate(tape, g)]);

/** x · factor + offset with plain numbers. */
export const scale = (tape: Tape, x: Tensor, factor: number, offset = 0): Tensor => {
  const scaled = factor === 1 ? x : multiply(tape, x, tape.constant([factor], []));
  return offset === 0 ? scaled : add(tape, scaled, tape.constant([offset], []));
};

/** max(x, 0); its derivative at 0 is taken as 0. */
export const relu = (tape: Tape, x: Tensor): Tensor => {
  const y: Tensor = tape.apply("Relu", [x], x.shape, (g) => [
    multiply(tape, g, tape.apply("Sign", [y], x.shape, null)),
  ]);
  return y;
};

export const tanh = (tape: Tape, x: Tensor): Tensor => {
  const y: Tensor = tape.apply("Tanh", [x], x.shape, (g) => [
    multiply(tape, g, scale(tape, multiply(tape, y, y), -1, 1)),
  ]);
  return y;
};

export const sigmoid = (tape: Tape, x: Tensor): Tensor => {
  const y: Tensor = tape.apply("Sigmoid", [x], x.shape, (g) => [
    multiply(tape, g, multiply(tape, y, scale(tape, y, -1, 1))),
  ]);
  return y;
};

/** ln(1 + eˣ), without overflow. */
export const softplus = (tape: Tape, x: Tensor): Tensor =>
  tape.apply("Softplus", [x], x.shape, (g) => [multiply(tape, g, sigmoid(tape, x))]);

export const exp = (tape: Tape, x: Tensor): Tensor => {
  const y: Tensor = tape.apply("Exp", [x], x.shape, (g) => [multiply(tape, g, y)]);
  return y;
};

export const log = (tape: Tape, x: Tensor): Tensor => tape.apply("Log", [x], x.shape, (g) => [divide(tape, g, x)]);

export const squareRoot = (tape: Tape, x: Tensor): Tensor => {
  const y: Tensor = tape.apply("Sqrt", [x], x.shape, (g) => [divide(tape, scale(tape, g, 0.5), y)]);
  return y;
};

/** |x|; its derivative at 0 is taken as 0. */
export const absolute = (tape: Tape, x: Tensor): Tensor =>
  tape.apply("Abs", [x], x.shape, (g) => [multiply(tape, g, tape.apply("Sign", [x], x.shape, null))]);

/** x·Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel 2016), by the error function. */
export const gelu = (tape: Tape, x: Tensor): Tensor => {
  const shareBelow = scale(
    tape,
    tape.apply("Erf", [scale(tape, x, Math.SQRT1_2)], x.shape, (g) => {
      // d erf(u)/du = 2/√π · exp(−u²), at u = x/√2; the factor of u is the scale's own rule.
      const density = exp(tape, scale(tape, multiply(tape, x, x), -0.5));
      return [multiply(tape, g, scale(tape, density, 2 / Math.sqrt(Math.PI)))];
    }),
    0.5,
    0.5,
  );
  return multiply(tape, x, shareBelow);
};

/** `a` where `condition` (bool) holds, else `b`. */
export const where = (tape: Tape, condition: Tensor, a: Tensor, b: Tensor): Tensor => {
  const zero = (): Tensor => tape.constant([0], []);
  return tape.apply(
    "Where",
    [condition, a, b],
    broadcastShape(condition.shape, broadcastShape(a.shape, b.shape)),
    (g) => [
      null,
      a.differentiable ? sumToShape(tape, where(tape, condition, g, zero()), a.shape) : null,
      b.differentiable ? sumToShape(tape, where(tape, condition, zero(), g), b.shape) : null,
    ],
  );
};

/** x · mask; with a mask of 0 and 1/(1 − p) that is dropout (Srivastava et al. 2014). */
export const dropout = (tape: Tape, x: Tensor, mask: Tensor): Tensor => multiply(tape, x, mask);

export const compare = (
  tape: Tape,
  op: "Equal" | "Greater" | "GreaterOrEqual" | "Less",
  a: Tensor,
  b: Tensor,
): Tensor => tape.apply(op, [a, b], broadcastShape(a.shape, b.shape), null);

/** To 32-bit floats, from bool (0 or 1), integers or half precision; without a gradient. */
export const toFloat = (tape: Tape, x: Tensor): Tensor =>
  tape.apply("Cast", [x], x.shape, null, { to: int(ELEMENT_TYPES.float32) });

/** The same numbers, through which no gradient flows. */
export const detached = (x: Tensor): Tensor => ({ ...x, differentiable: false });
