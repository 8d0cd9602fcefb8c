import { type GraphBuilder, int, type Value } from "../onnx/graph-builder.ts";
import { halfInput } from "../onnx/graph-pool.ts";
import { ELEMENT_TYPES } from "../onnx/proto.ts";
import { topK } from "../onnx/top-k.ts";
import type { ClusterMetric } from "./types.ts";

/**
 * The arithmetic of K-means as graphs. Shapes: rows [n, d], centroids [k, d].
 *
 * The nearest centroid c of x is where x·c − |c|²/2 is greatest. Taken with the centroids' own mean m that is, but for a
 * part common to all, x·(c − m) − (|c|² − |m|²)/2: `weights` and `bias`. With features that lie far from the origin
 * (after a ReLU they all do) this keeps digits that the plain form would lose.
 */

/** More than any score can make up for: the bias of a cluster without rows. */
export const NEVER = -3.4e38;

const LAST = [1];

/** Rows as 32-bit floats, of unit length for "cosine" (NaN where the length is zero). */
export const rowsInput = (builder: GraphBuilder, half: boolean, metric: ClusterMetric): Value => {
  const x = half ? halfInput(builder, "rows") : builder.input("rows", "float32", ["rows", "dims"]);
  if (metric === "euclidean") return x;
  const squares = builder.node("ReduceSumSquare", [x, builder.integers(LAST)], { keepdims: int(1) });
  return builder.node("Div", [x, builder.node("Sqrt", [squares])]);
};

const scores = (builder: GraphBuilder, x: Value): Value =>
  builder.node(
    "Gemm",
    [x, builder.input("weights", "float32", ["clusters", "dims"]), builder.input("bias", "float32", ["clusters"])],
    { transB: int(1) },
  );

const squaredLengths = (builder: GraphBuilder, x: Value, keep = false, as?: string): Value =>
  builder.node("ReduceSumSquare", [x, builder.integers(LAST)], { keepdims: int(keep ? 1 : 0) }, as);

const distance = (builder: GraphBuilder, squared: Value, metric: ClusterMetric, as: string): void => {
  if (metric === "euclidean") builder.node("Sqrt", [squared], {}, as);
  // Of two unit vectors |a − b|² is 2 (1 − cos).
  else builder.node("Mul", [squared, builder.floats([0.5], [])], {}, as);
};

/** values, `penalty` (0, or NEVER for an empty cluster) → weights, bias, centre: in double precision. */
export const centreGraph = (builder: GraphBuilder): void => {
  const to = int(ELEMENT_TYPES.float64);
  const values = builder.node("Cast", [builder.input("values", "float32", ["clusters", "dims"])], { to });
  const penalty = builder.input("penalty", "float32", ["clusters"]);
  const centre = builder.node("ReduceMean", [values, builder.integers([0])], { keepdims: int(1) });
  const weights = builder.node("Sub", [values, centre]);
  const product = builder.node("Mul", [weights, builder.node("Add", [values, centre])]);
  const sums = builder.node("ReduceSum", [product, builder.integers(LAST)], { keepdims: int(0) });
  const float = { to: int(ELEMENT_TYPES.float32) };
  builder.node("Cast", [weights], float, "weights");
  builder.node("Cast", [centre], float, "centre");
  const bias = builder.node("Mul", [builder.node("Cast", [sums], float), builder.floats([-0.5], [])]);
  builder.node("Add", [bias, penalty], {}, "bias");
  builder.output("weights", "float32", ["clusters", "dims"]);
  builder.output("bias", "float32", ["clusters"]);
  builder.output("centre", "float32", [1, "dims"]);
};

/** Nearest centroid of each row, and |x − c|² by the difference itself, which is exact for rows close to it. */
const nearestOne = (builder: GraphBuilder, x: Value): { nearest: Value; squared: Value } => {
  const nearest = builder.node("ArgMax", [scores(builder, x)], { axis: int(1), keepdims: int(0) });
  const own = builder.node("Gather", [builder.input("values", "float32", ["clusters", "dims"]), nearest]);
  builder.node("Cast", [nearest], { to: int(ELEMENT_TYPES.int32) }, "assignments");
  builder.output("assignments", "int32", ["rows"]);
  return { nearest, squared: squaredLengths(builder, builder.node("Sub", [x, own])) };
};

/** rows, values, weights, bias → assignments [n], distances [n]. */
export const assignGraph = (half: boolean, metric: ClusterMetric) => (builder: GraphBuilder) => {
  const { squared } = nearestOne(builder, rowsInput(builder, half, metric));
  distance(builder, squared, metric, "distances");
  builder.output("distances", "float32", ["rows"]);
};

/** |x − c|² of these scores: |x − m|² − 2 score. `usable` [n] is not finite where a row is not. */
const squaredOfScores = (builder: GraphBuilder, x: Value, score: Value): Value => {
  const fromCentre = builder.node("Sub", [x, builder.input("centre", "float32", [1, "dims"])]);
  const lengths = squaredLengths(builder, fromCentre, true, "usable");
  builder.output("usable", "float32", ["rows", 1]);
  const twice = builder.node("Mul", [score, builder.floats([2], [])]);
  return builder.node("Relu", [builder.node("Sub", [lengths, twice])]);
};

/** rows, weights, bias, centre → distances [n, k], Infinity to an empty cluster; usable [n, 1]. */
export const distancesGraph = (half: boolean, metric: ClusterMetric) => (builder: GraphBuilder) => {
  const x = rowsInput(builder, half, metric);
  distance(builder, squaredOfScores(builder, x, scores(builder, x)), metric, "distances");
  builder.output("distances", "float32", ["rows", "clusters"]);
};

/** rows, weights, bias, centre, count → clusters [n, count], distances [n, count], nearest first; usable [n, 1]. */
export const nearestGraph = (half: boolean, metric: ClusterMetric) => (builder: GraphBuilder) => {
  const x = rowsInput(builder, half, metric);
  const best = topK(builder, scores(builder, x), builder.input("count", "int64", [1]));
  builder.node("Cast", [best.indices], { to: int(ELEMENT_TYPES.int32) }, "clusters");
  distance(builder, squaredOfScores(builder, x, best.values), metric, "distances");
  builder.output("clusters", "int32", ["rows", "count"]);
  builder.output("distances", "float32", ["rows", "count"]);
};

/** rows → prepared [n, d] (unit length for "cosine"), squaredLengths [n]: NaN or infinite where a row is unusable. */
export const prepareGraph = (half: boolean, metric: ClusterMetric) => (builder: GraphBuilder) => {
  builder.node("Identity", [rowsInput(builder, half, metric)], {}, "prepared");
  squaredLengths(builder, "prepared", false, "squaredLengths");
  builder.output("prepared", "float32", ["rows", "dims"]);
  builder.output("squaredLengths", "float32", ["rows"]);
};

/**
 * One block of a Lloyd step: rows (prepared), values, weights, bias, sums → assignments [n], squared [n], and newSums,
 * the sums [k, d] with this block's members added. The sums are a product with the one-hot matrix of the assignments:
 * a scatter would do fewer multiplications, but adds in whatever order its threads come.
 */
export const stepGraph = (builder: GraphBuilder): void => {
  const x = builder.input("rows", "float32", ["rows", "dims"]);
  const { nearest, squared } = nearestOne(builder, x);
  builder.node("Identity", [squared], {}, "squared");
  const clusters = builder.node("Shape", ["values"], { start: int(0), end: int(1) });
  const numbers = builder.node("Range", [
    builder.integers([0], []),
    builder.node("Squeeze", [clusters]),
    builder.integers([1], []),
  ]);
  const isMember = builder.node("Equal", [
    builder.node("Unsqueeze", [numbers, builder.integers([1])]),
    builder.node("Unsqueeze", [nearest, builder.integers([0])]),
  ]);
  const oneHot = builder.node("Cast", [isMember], { to: int(ELEMENT_TYPES.float32) });
  const added = builder.node("Cast", [builder.node("MatMul", [oneHot, x])], { to: int(ELEMENT_TYPES.float64) });
  builder.node("Add", [builder.input("sums", "float64", ["clusters", "dims"]), added], {}, "newSums");
  builder.output("squared", "float32", ["rows"]);
  builder.output("newSums", "float64", ["clusters", "dims"]);
};

/** sums, previous, and counts [k, 1] for "euclidean" → updated: the members' means, of unit length for "cosine"; `previous` where there is none. */
export const updateGraph = (metric: ClusterMetric) => (builder: GraphBuilder) => {
  const sums = builder.input("sums", "float64", ["clusters", "dims"]);
  const previous = builder.input("previous", "float32", ["clusters", "dims"]);
  const length =
    metric === "euclidean"
      ? builder.input("counts", "float64", ["clusters", 1])
      : builder.node("Sqrt", [squaredLengths(builder, sums, true)]);
  const mean = builder.node("Cast", [builder.node("Div", [sums, length])], { to: int(ELEMENT_TYPES.float32) });
  const zero = builder.node("Cast", [builder.floats([0], [])], { to: int(ELEMENT_TYPES.float64) });
  builder.node("Where", [builder.node("Greater", [length, zero]), mean, previous], {}, "updated");
  builder.output("updated", "float32", ["clusters", "dims"]);
};

/**
 * One step of greedy K-means++: rows (prepared), squaredLengths [n, 1], candidates [l], closest [n, 1] (squared distance
 * to the nearest seed so far) → best (which candidate lowers the sum most), newClosest [n].
 */
export const seedGraph = (builder: GraphBuilder): void => {
  const x = builder.input("rows", "float32", ["rows", "dims"]);
  const lengths = builder.input("squaredLengths", "float32", ["rows", 1]);
  const candidates = builder.input("candidates", "int32", ["candidates"]);
  const closest = builder.input("closest", "float32", ["rows", 1]);
  const chosen = builder.node("Gather", [x, candidates]);
  const products = builder.node("Gemm", [x, chosen], { transB: int(1), alpha: -2 });
  const chosenLengths = builder.node("Reshape", [
    builder.node("Gather", [lengths, candidates]),
    builder.integers([1, -1]),
  ]);
  const squared = builder.node("Add", [builder.node("Add", [products, lengths]), chosenLengths]);
  const reduced = builder.node("Min", [builder.node("Relu", [squared]), closest]);
  const sums = builder.node("ReduceSum", [reduced, builder.integers([0])], { keepdims: int(0) });
  const best = builder.node("ArgMin", [sums], { axis: int(0), keepdims: int(0) });
  builder.node("Gather", [reduced, best], { axis: int(1) }, "newClosest");
  builder.node("Cast", [best], { to: int(ELEMENT_TYPES.int32) }, "best");
  builder.output("newClosest", "float32", ["rows"]);
  builder.output("best", "int32", []);
};
