import { Tensor } from "onnxruntime-node";
import { type GraphBuilder, int, type Value } from "../onnx/graph-builder.ts";
import { ELEMENT_TYPES } from "../onnx/proto.ts";
import {
  LAB_LINE,
  LINEAR_OF_BYTE,
  SRGB_LINE,
  type StainMethod,
  type StainTransform,
  WHITE_POINT,
  XYZ_OF_RGB,
} from "../slides/index.ts";

/** Names of the inputs that carry a slide's StainTransform: float32 [3, 3] and [3, 1]. */
export const STAIN_WEIGHTS = "histoql_stain_weights";
export const STAIN_OFFSETS = "histoql_stain_offsets";

/**
 * Brings pixels to the target's staining: uint8 RGB [N, 3, edge, edge] in, whole numbers 0–255 as float32 of that shape out, as a
 * picture that was normalised and saved would have them. Every pixel is finite, glass and black included.
 *
 * Both methods are an affine map of three channels between fixed curves; the map is an input, so that one session serves
 * all slides. Operators of operator set 9 and later.
 */
export const normaliseStain = (builder: GraphBuilder, method: StainMethod, pixels: Value, edge: number): Value => {
  const weights = builder.input(STAIN_WEIGHTS, "float32", [3, 3]);
  const offsets = builder.input(STAIN_OFFSETS, "float32", [3, 1]);
  const map = (x: Value): Value => builder.node("Add", [builder.node("MatMul", [weights, x]), offsets]);
  // As planes: ONNX Runtime reorders pictures for a convolution, but not rows for a product.
  const planes = builder.node("Reshape", [pixels, builder.integers([0, 3, edge * edge])]);
  const levels = method === "MACENKO" ? macenko(builder, planes, map) : reinhard(builder, planes, map);
  const whole = builder.node("Floor", [builder.node("Min", [levels, scalar(builder, 255)])]);
  return builder.node("Reshape", [whole, builder.integers([0, 3, edge, edge])]);
};

/** A transform as the graph's inputs; null stands for one that leaves the pixels about as they are, to try the graph with. */
export const stainFeeds = (transform: StainTransform | null): Record<string, Tensor> => {
  const { weights, offsets } = transform ?? {
    weights: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    offsets: new Float32Array(3),
  };
  return {
    [STAIN_WEIGHTS]: new Tensor("float32", weights, [3, 3]),
    [STAIN_OFFSETS]: new Tensor("float32", offsets, [3, 1]),
  };
};

const scalar = (builder: GraphBuilder, value: number): Value => builder.floats([value], []);

/** Io · exp(−M · od), by logarithms of value + 1, which a black pixel has as well. */
const macenko = (builder: GraphBuilder, pixels: Value, map: (x: Value) => Value): Value => {
  const levels = builder.node("Cast", [pixels], { to: int(ELEMENT_TYPES.float32) });
  return builder.node("Exp", [map(builder.node("Log", [builder.node("Add", [levels, scalar(builder, 1)])]))]);
};

/** L*a*b* and back (CIE 15, IEC 61966-2-1), in the compressed X, Y, Z of which L*, a* and b* are sums. */
const reinhard = (builder: GraphBuilder, pixels: Value, map: (x: Value) => Value): Value => {
  const number = (value: number) => scalar(builder, value);
  const times = (x: Value, factor: number) => builder.node("Mul", [x, number(factor)]);
  const plus = (x: Value, offset: number) => builder.node("Add", [x, number(offset)]);
  const where = (x: Value, above: number, curve: Value, line: Value) =>
    builder.node("Where", [builder.node("Greater", [x, number(above)]), curve, line]);
  /** x ** exponent for positive x; below, where the line is taken, anything finite. */
  const power = (x: Value, exponent: number) =>
    builder.node("Exp", [times(builder.node("Log", [builder.node("Max", [x, number(1e-6)])]), exponent)]);
  const product = (matrix: readonly number[], x: Value) => builder.node("MatMul", [builder.floats(matrix, [3, 3]), x]);

  const indexes = builder.node("Cast", [pixels], { to: int(ELEMENT_TYPES.int32) });
  const light = builder.node("Gather", [builder.floats(LINEAR_OF_BYTE, [256]), indexes]);
  const xyz = product(
    XYZ_OF_RGB.map((value, place) => value / (WHITE_POINT[Math.floor(place / 3)] as number)),
    light,
  );
  const compressed = where(xyz, LAB_LINE.below, power(xyz, 1 / 3), plus(times(xyz, LAB_LINE.slope), LAB_LINE.offset));
  const mapped = map(compressed);
  const cube = builder.node("Mul", [builder.node("Mul", [mapped, mapped]), mapped]);
  const line = times(plus(mapped, -LAB_LINE.offset), 1 / LAB_LINE.slope);
  const back = where(mapped, Math.cbrt(LAB_LINE.below), cube, line);
  const linear = product(
    inverse(XYZ_OF_RGB).map((value, place) => value * (WHITE_POINT[place % 3] as number)),
    back,
  );
  const { offset, gamma, slope } = SRGB_LINE;
  const curve = plus(times(power(linear, 1 / gamma), 1 + offset), -offset);
  const srgb = where(linear, SRGB_LINE.below * slope, curve, times(linear, 1 / slope));
  return builder.node("Max", [times(srgb, 255), number(0)]);
};

/** Of a 3 × 3 matrix, row-major. */
const inverse = (m: readonly number[]): number[] => {
  const at = (row: number, column: number) => m[(row % 3) * 3 + (column % 3)] as number;
  const cofactor = (row: number, column: number) =>
    at(row + 1, column + 1) * at(row + 2, column + 2) - at(row + 1, column + 2) * at(row + 2, column + 1);
  const determinant = at(0, 0) * cofactor(0, 0) + at(0, 1) * cofactor(0, 1) + at(0, 2) * cofactor(0, 2);
  return Array.from({ length: 9 }, (_, place) => cofactor(place % 3, Math.floor(place / 3)) / determinant);
};
