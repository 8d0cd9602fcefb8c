import onnxProto from "onnx-proto";
import { Tensor } from "onnxruntime-node";
import { createGraphBuilder } from "../onnx/graph-builder.ts";
import { openGraphSession } from "../onnx/session.ts";

/** `[rows, columns]` of `left` `[rows, inner]` and `right` `[inner, columns]`, all row-major. */
export type MatrixProduct = (
  left: Float32Array,
  right: Float32Array,
  shape: { rows: number; inner: number; columns: number },
) => Promise<Float32Array>;

const productGraph = (): Uint8Array => {
  const graph = createGraphBuilder();
  const left = graph.input("left", "float32", ["rows", "inner"]);
  const right = graph.input("right", "float32", ["inner", "columns"]);
  graph.output(graph.node("MatMul", [left, right], {}, "product"), "float32", ["rows", "columns"]);
  return onnxProto.onnx.ModelProto.encode(graph.model({ name: "product" })).finish();
};

/** Opens the graph of a matrix product. It blocks the thread that calls it, so call it in a worker. */
export const openProduct = async (threads: number): Promise<MatrixProduct> => {
  const session = await openGraphSession(productGraph(), { provider: "cpu", threads });
  return async (left, right, { rows, inner, columns }) => {
    const { product } = await session.run({
      left: new Tensor("float32", left, [rows, inner]),
      right: new Tensor("float32", right, [inner, columns]),
    });
    if (!(product?.data instanceof Float32Array)) throw new Error("The product is no matrix of 32-bit floats.");
    return product.data;
  };
};

/** `[columns, rows]` of `[rows, columns]`. */
export const transpose = (matrix: Float32Array, rows: number, columns: number): Float32Array => {
  const turned = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = matrix[row * columns + column] as number;
  }
  return turned;
};
