import onnxProto from "onnx-proto";
import {
  ELEMENT_TYPES,
  type ElementType,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./proto.ts";

const { onnx } = onnxProto;
const AttributeType = onnx.AttributeProto.AttributeType;

/** A dimension: a size, or the name of a free one. Equal names are equal sizes. */
export type Dimension = number | string;

/** The name of a value (a tensor) of the graph that is being built; "" leaves an optional input out. */
export type Value = string;

/** An integer attribute must be told from a float: write `int(1)`, or a bare number for a float. */
export type AttributeValue = number | string | { int: number } | { ints: readonly number[] } | { tensor: OnnxTensor };
export const int = (value: number): { int: number } => ({ int: value });
export const ints = (...values: number[]): { ints: readonly number[] } => ({ ints: values });

const attribute = (name: string, value: AttributeValue): OnnxAttribute => {
  if (typeof value === "number") return { name, type: AttributeType.FLOAT, f: value };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  if ("int" in value) return { name, type: AttributeType.INT, i: value.int };
  if ("ints" in value) return { name, type: AttributeType.INTS, ints: [...value.ints] };
  return { name, type: AttributeType.TENSOR, t: value.tensor };
};

/** A tensor of 32-bit floats or 64-bit integers, row-major. An empty `dims` is a scalar. */
export const tensor = (
  name: string,
  type: "float32" | "int64",
  dims: readonly number[],
  values: readonly number[] | Float32Array,
): OnnxTensor =>
  type === "float32"
    ? {
        name,
        dataType: ELEMENT_TYPES.float32,
        dims: [...dims],
        // Raw bytes are little-endian by the specification, whatever the machine.
        rawData: littleEndianFloats(values),
      }
    : { name, dataType: ELEMENT_TYPES.int64, dims: [...dims], int64Data: [...values] };

const littleEndianFloats = (values: readonly number[] | Float32Array): Uint8Array => {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setFloat32(index * 4, value, true);
  });
  return new Uint8Array(view.buffer);
};

export const valueInfo = (name: string, type: ElementType, dims: readonly Dimension[]): OnnxValueInfo => ({
  name,
  type: {
    tensorType: {
      elemType: ELEMENT_TYPES[type],
      shape: { dim: dims.map((dim) => (typeof dim === "number" ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
});

export type GraphBuilder = {
  input(name: string, type: ElementType, dims: readonly Dimension[]): Value;
  floats(values: readonly number[] | Float32Array, dims: readonly number[]): Value;
  integers(values: readonly number[], dims?: readonly number[]): Value;
  /** Adds a node with one output and gives that output. With `as` the output gets this very name. */
  node(op: string, inputs: readonly Value[], attributes?: Record<string, AttributeValue>, as?: string): Value;
  output(value: Value, type: ElementType, dims: readonly Dimension[]): void;
  /** What was built so far, in an order that ONNX accepts. */
  parts(): { node: OnnxNode[]; initializer: OnnxTensor[]; input: OnnxValueInfo[]; output: OnnxValueInfo[] };
  /** The finished model. */
  model(options?: { opset?: number; name?: string }): OnnxModel;
};

export const DEFAULT_OPSET = 18;
/** The lowest IR version that may carry operator set 18. */
export const DEFAULT_IR_VERSION = 8;

/**
 * A small writer of ONNX graphs: values are names, nodes are appended in the order of the calls.
 * `prefix` is put before every generated name, so that the parts can be merged into an existing graph.
 */
export const createGraphBuilder = (prefix = ""): GraphBuilder => {
  const parts = {
    node: [] as OnnxNode[],
    initializer: [] as OnnxTensor[],
    input: [] as OnnxValueInfo[],
    output: [] as OnnxValueInfo[],
  };
  const fresh = (kind: string): string => `${prefix}${kind}${parts.node.length + parts.initializer.length}`;
  const constant = (type: "float32" | "int64", values: readonly number[] | Float32Array, dims: readonly number[]) => {
    const name = fresh("constant");
    parts.initializer.push(tensor(name, type, dims, values));
    return name;
  };
  return {
    input(name, type, dims) {
      parts.input.push(valueInfo(name, type, dims));
      return name;
    },
    floats: (values, dims) => constant("float32", values, dims),
    integers: (values, dims = [values.length]) => constant("int64", values, dims),
    node(op, inputs, attributes = {}, as) {
      const output = as ?? fresh(op);
      parts.node.push({
        name: output,
        opType: op,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      });
      return output;
    },
    output(value, type, dims) {
      parts.output.push(valueInfo(value, type, dims));
    },
    parts: () => parts,
    model: ({ opset = DEFAULT_OPSET, name = "graph" } = {}) => {
      const graph: OnnxGraph = { name, ...parts };
      return onnx.ModelProto.create({
        irVersion: DEFAULT_IR_VERSION,
        producerName: "histoql",
        opsetImport: [{ domain: "", version: opset }],
        graph,
      });
    },
  };
};
