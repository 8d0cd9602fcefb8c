import { type GraphBuilder, int, type Value } from "../onnx/graph-builder.ts";
import { halfInput } from "../onnx/graph-pool.ts";
import { ELEMENT_TYPES } from "../onnx/proto.ts";

const double = { to: int(ELEMENT_TYPES.float64) };

const floatRows = (builder: GraphBuilder, half: boolean): Value =>
  half ? halfInput(builder, "rows") : builder.input("rows", "float32", ["rows", "dims"]);

/** rows → mean [1, d], by which the sums below are shifted, so that they keep their digits. */
export const blockMeanGraph = (half: boolean) => (builder: GraphBuilder) => {
  builder.node("ReduceMean", [floatRows(builder, half), builder.integers([0])], { keepdims: int(1) }, "mean");
  builder.output("mean", "float32", [1, "dims"]);
};

/** rows, shift, gram, sums → newGram [d, d] and newSums [1, d], in doubles; usable [n], not finite where a row is not. */
export const gramGraph = (half: boolean) => (builder: GraphBuilder) => {
  const rows = floatRows(builder, half);
  const x = builder.node("Sub", [rows, builder.input("shift", "float32", [1, "dims"])]);
  const square = builder.node("Cast", [builder.node("Gemm", [x, x], { transA: int(1) })], double);
  const sum = builder.node(
    "Cast",
    [builder.node("ReduceSum", [x, builder.integers([0])], { keepdims: int(1) })],
    double,
  );
  builder.node("Add", [builder.input("gram", "float64", ["dims", "dims"]), square], {}, "newGram");
  builder.node("Add", [builder.input("sums", "float64", [1, "dims"]), sum], {}, "newSums");
  builder.node("ReduceSumSquare", [rows, builder.integers([1])], { keepdims: int(0) }, "usable");
  builder.output("newGram", "float64", ["dims", "dims"]);
  builder.output("newSums", "float64", [1, "dims"]);
  builder.output("usable", "float32", ["rows"]);
};

/** gram, sums, shift, count (scalar) → covariance [d, d] (over n − 1) and mean [1, d]. */
export const covarianceGraph = (builder: GraphBuilder): void => {
  const gram = builder.input("gram", "float64", ["dims", "dims"]);
  const sums = builder.input("sums", "float64", [1, "dims"]);
  const count = builder.input("count", "float64", []);
  const one = builder.node("Cast", [builder.floats([1], [])], double);
  const shifted = builder.node("Div", [sums, count]);
  const outer = builder.node("MatMul", [builder.node("Transpose", [sums]), shifted]);
  builder.node("Div", [builder.node("Sub", [gram, outer]), builder.node("Sub", [count, one])], {}, "covariance");
  const shift = builder.node("Cast", [builder.input("shift", "float32", [1, "dims"])], double);
  builder.node("Add", [shifted, shift], {}, "mean");
  builder.output("covariance", "float64", ["dims", "dims"]);
  builder.output("mean", "float64", [1, "dims"]);
};

/** rows, mean [1, d], directions [c, d], scale [1, c] → projected [n, c]. */
export const projectGraph = (half: boolean) => (builder: GraphBuilder) => {
  const x = builder.node("Sub", [floatRows(builder, half), builder.input("mean", "float32", [1, "dims"])]);
  const directions = builder.input("directions", "float32", ["components", "dims"]);
  const along = builder.node("Gemm", [x, directions], { transB: int(1) });
  builder.node("Mul", [along, builder.input("scale", "float32", [1, "components"])], {}, "projected");
  builder.node("ReduceSumSquare", [x, builder.integers([1])], { keepdims: int(0) }, "usable");
  builder.output("projected", "float32", ["rows", "components"]);
  builder.output("usable", "float32", ["rows"]);
};
