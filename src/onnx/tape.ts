import {
  type AttributeValue,
  createGraphBuilder,
  DEFAULT_OPSET,
  type Dimension,
  type GraphBuilder,
  int,
  type Value,
} from "./graph-builder.ts";
import { nodesNeededFor } from "./graph-values.ts";
import type { ElementType, OnnxModel } from "./proto.ts";

/** A value of the graph with its shape; a free dimension has a name, and equal names are equal sizes. */
export type Tensor = {
  readonly value: Value;
  readonly shape: readonly Dimension[];
  /** True when it depends on a leaf: only then are gradients built through it. */
  readonly differentiable: boolean;
};

/** From the gradient of an operator's output to those of its inputs; null for an input that needs none. */
export type GradientRule = (gradient: Tensor) => readonly (Tensor | null)[];

type Step = { output: Value; inputs: readonly Tensor[]; rule: GradientRule };

/**
 * A graph under construction that remembers how to differentiate what was built (reverse mode). Operators are plain
 * functions over it (elementwise.ts, reductions.ts, shaping.ts, products.ts); gradients are written as nodes into the same graph.
 */
export type Tape = {
  readonly builder: GraphBuilder;
  input(name: string, type: ElementType, shape: readonly Dimension[]): Tensor;
  /** A float constant of the graph. */
  constant(values: readonly number[] | Float32Array, shape: readonly number[]): Tensor;
  /** The same value as something to differentiate by. */
  leaf(tensor: Tensor): Tensor;
  /** Appends one ONNX node; `rule` is kept only when an input depends on a leaf. Null: not differentiable at all. */
  apply(
    op: string,
    inputs: readonly (Tensor | Value)[],
    shape: readonly Dimension[],
    rule: GradientRule | null,
    attributes?: Record<string, AttributeValue>,
  ): Tensor;
  /** Gives a composite of nodes (built without a tape of their own) one rule. */
  define(output: Tensor, inputs: readonly Tensor[], rule: GradientRule): Tensor;
  /** A free dimension as a 1-element int64 value. */
  dimension(name: string): Value;
  /** A free dimension that is made inside the graph, with its size as a 1-element int64 value. */
  setDimension(name: string, size: Value): void;
  output(tensor: Tensor, name: string, type?: ElementType): void;
  /** Derivatives of the scalar `loss` by each leaf. */
  gradients(loss: Tensor, leaves: readonly Tensor[]): Tensor[];
  /** The model, without nodes that no output needs. */
  model(name: string): OnnxModel;
};

export const createTape = (): Tape => {
  const builder = createGraphBuilder();
  const steps: Step[] = [];
  const freeDimensions = new Map<string, { input: Value; axis: number } | { size: Value }>();

  const tape: Tape = {
    builder,
    input: (name, type, shape) => {
      shape.forEach((dimension, axis) => {
        if (typeof dimension === "string" && !freeDimensions.has(dimension)) {
          freeDimensions.set(dimension, { input: name, axis });
        }
      });
      return { value: builder.input(name, type, shape), shape, differentiable: false };
    },
    constant: (values, shape) => ({ value: builder.floats(values, shape), shape, differentiable: false }),
    leaf: ({ value, shape }) => ({ value: builder.node("Identity", [value]), shape, differentiable: true }),
    apply: (op, inputs, shape, rule, attributes = {}) => {
      const values = inputs.map((input) => (typeof input === "string" ? input : input.value));
      const tensors = inputs.filter((input) => typeof input !== "string");
      const output = { value: builder.node(op, values, attributes), shape, differentiable: false };
      return rule ? tape.define(output, tensors, rule) : output;
    },
    define: (output, inputs, rule) => {
      if (!inputs.some(({ differentiable }) => differentiable)) return { ...output, differentiable: false };
      steps.push({ output: output.value, inputs, rule });
      return { ...output, differentiable: true };
    },
    dimension: (name) => {
      const known = freeDimensions.get(name);
      if (!known) throw new Error(`The free dimension ${name} belongs to no input.`);
      if ("size" in known) return known.size;
      const size = builder.node("Shape", [known.input], { start: int(known.axis), end: int(known.axis + 1) });
      freeDimensions.set(name, { size });
      return size;
    },
    setDimension: (name, size) => {
      freeDimensions.set(name, { size });
    },
    output: (tensor, name, type = "float32") => {
      builder.output(builder.node("Identity", [tensor.value], {}, name), type, tensor.shape);
    },
    gradients: (loss, leaves) => {
      const sums = new Map<Value, Tensor>([[loss.value, tape.constant([1], [])]]);
      const accumulate = ({ value }: Tensor, part: Tensor): void => {
        const before = sums.get(value);
        sums.set(value, before ? { ...part, value: builder.node("Add", [before.value, part.value]) } : { ...part });
      };
      // A copy, as rules append nodes of their own to the tape.
      for (const { output, inputs, rule } of steps.toReversed()) {
        const gradient = sums.get(output);
        if (!gradient) continue;
        const parts = rule({ ...gradient, differentiable: false });
        inputs.forEach((input, index) => {
          const part = parts[index];
          if (input.differentiable && part) accumulate(input, part);
        });
      }
      return leaves.map((leaf) => {
        const gradient = sums.get(leaf.value);
        if (!gradient) throw new Error(`The loss does not depend on ${leaf.value}.`);
        return gradient;
      });
    },
    model: (name) => {
      const model = builder.model({ opset: DEFAULT_OPSET, name });
      const outputs = builder.parts().output.map((output) => output.name ?? "");
      const graph = model.graph ?? {};
      const node = nodesNeededFor(graph, outputs);
      const read = new Set(node.flatMap(({ input }) => input ?? []));
      model.graph = {
        ...graph,
        node,
        initializer: (graph.initializer ?? []).filter((weight) => read.has(weight.name ?? "")),
      };
      return model;
    },
  };
  return tape;
};

/** The shape of an elementwise result; a free dimension goes with itself and with 1 alone. */
export const broadcastShape = (a: readonly Dimension[], b: readonly Dimension[]): Dimension[] => {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - (rank - a.length)] ?? 1;
    const right = b[axis - (rank - b.length)] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`Shapes [${a}] and [${b}] do not go together.`);
  });
};

/** Sums a gradient over the axes along which its operand was repeated. */
export const sumToShape = (tape: Tape, gradient: Tensor, shape: readonly Dimension[]): Tensor => {
  const added = gradient.shape.length - shape.length;
  const sum = (from: Tensor, axes: number[], keep: boolean, to: readonly Dimension[]): Tensor =>
    axes.length === 0
      ? from
      : tape.apply("ReduceSum", [from, tape.builder.integers(axes)], to, null, { keepdims: int(keep ? 1 : 0) });
  const trimmed = sum(
    gradient,
    Array.from({ length: added }, (_, axis) => axis),
    false,
    gradient.shape.slice(added),
  );
  const repeated = shape.flatMap((size, axis) => (size === 1 && trimmed.shape[axis] !== 1 ? [axis] : []));
  return sum(trimmed, repeated, true, shape);
};
