import { Tensor } from "onnxruntime-node";
import { type GraphBuilder, int } from "../onnx/graph-builder.ts";
import { doublesOf, type GraphPool } from "../onnx/graph-pool.ts";
import { ELEMENT_TYPES } from "../onnx/proto.ts";
import type { PreparedRows } from "./lloyd.ts";
import type { ClusterMetric } from "./types.ts";

/** rows [n, d], members [n, k] (one-hot) → sums [n, k]: each row's distances to a cluster's members, summed, in doubles. */
const distanceSumsGraph = (metric: ClusterMetric) => (builder: GraphBuilder) => {
  const to = int(ELEMENT_TYPES.float64);
  const x = builder.node("Cast", [builder.input("rows", "float32", ["rows", "dims"])], { to });
  const members = builder.input("members", "float64", ["rows", "clusters"]);
  const lengths = builder.node("ReduceSumSquare", [x, builder.integers([1])], { keepdims: int(1) });
  const products = builder.node("MatMul", [x, builder.node("Transpose", [x])]);
  const both = builder.node("Add", [lengths, builder.node("Transpose", [lengths])]);
  const squared = builder.node("Relu", [builder.node("Sub", [both, builder.node("Add", [products, products])])]);
  const half = builder.node("Cast", [builder.floats([0.5], [])], { to });
  const distances = metric === "euclidean" ? builder.node("Sqrt", [squared]) : builder.node("Mul", [squared, half]);
  builder.node("MatMul", [distances, members], {}, "sums");
  builder.output("sums", "float64", ["rows", "clusters"]);
};

/**
 * Silhouette of each row (Rousseeuw 1987): (b − a) ÷ max(a, b), a the mean distance to the rest of its own cluster, b the
 * least mean distance to another; 0 for the only row of a cluster. Holds the matrix of all distances: [rows, rows].
 */
export const silhouettes = async (
  pool: GraphPool,
  { values, rows, dims, metric }: PreparedRows,
  assignments: Int32Array,
  clusters: number,
): Promise<Float64Array> => {
  const members = new Float64Array(rows * clusters);
  const sizes = new Float64Array(clusters);
  assignments.forEach((cluster, row) => {
    members[row * clusters + cluster] = 1;
    sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  });
  const sums = doublesOf(
    await pool.run(`silhouette ${metric}`, distanceSumsGraph(metric), {
      rows: new Tensor("float32", values, [rows, dims]),
      members: new Tensor("float64", members, [rows, clusters]),
    }),
    "sums",
  );
  return Float64Array.from({ length: rows }, (_, row) => {
    const own = assignments[row] ?? 0;
    const ownSize = sizes[own] ?? 0;
    if (ownSize <= 1) return 0;
    const of = sums.subarray(row * clusters, (row + 1) * clusters);
    const within = (of[own] ?? 0) / (ownSize - 1);
    const between = of.reduce((least, sum, cluster) => {
      const size = sizes[cluster] ?? 0;
      return cluster === own || size === 0 ? least : Math.min(least, sum / size);
    }, Number.POSITIVE_INFINITY);
    const larger = Math.max(within, between);
    return larger > 0 ? (between - within) / larger : 0;
  });
};
