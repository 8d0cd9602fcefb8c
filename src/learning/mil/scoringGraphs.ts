import { divide, exp, negate, sigmoid, subtract, toFloat } from "../../onnx/elementwise.ts";
import type { Dimension } from "../../onnx/graph-builder.ts";
import { matmul, oneHotColumns } from "../../onnx/products.ts";
import { encodeOnnx } from "../../onnx/proto.ts";
import { max, mean, softmax, sum } from "../../onnx/reductions.ts";
import { reshape, slice } from "../../onnx/shaping.ts";
import { createTape, type Tape, type Tensor } from "../../onnx/tape.ts";
import {
  attentionChannels,
  headParameters,
  outputCount,
  parameterCount,
  patchWidth,
  usesClusters,
  usesCoordinates,
} from "./headParameters.ts";
import {
  clusterAttention,
  lastLayers,
  namedParameters,
  type Parameters,
  type PatchInputs,
  patchPart,
  representation,
  shareOfGreatest,
} from "./heads.ts";
import { mergedParts, segmentsOf, softmaxMeans, softmaxParts } from "./pooling.ts";
import type { VectorType } from "./trainingGraphs.ts";
import type { HeadDefinition, MilTask } from "./types.ts";

// Scoring of one bag. Large bags go through `part` piece by piece, and what little each piece leaves through `merge`: the result
// is that of the whole bag, and memory does not grow with it but for the scores themselves.

type Named = Readonly<Record<string, Tensor>>;

/** Shapes of what a piece of a bag leaves; "parts" pieces are stacked along the first axis. */
export const partShapes = (head: HeadDefinition): Record<string, [Dimension, ...number[]]> => {
  const width = patchWidth(head);
  const channels = attentionChannels(head);
  if (usesClusters(head)) return { sums: ["parts", head.clusters, width], counts: ["parts", head.clusters, 1] };
  if (head.architecture === "MAX_POOL") return { shift: ["parts", outputCount(head.task)] };
  return { shift: ["parts", channels], total: ["parts", channels], weighted: ["parts", channels, width] };
};

/** Columns of the score that each patch leaves; 0 where patches are told apart by their cluster alone. */
export const scoreColumns = (head: HeadDefinition): number =>
  usesClusters(head) ? 0 : head.architecture === "MAX_POOL" ? outputCount(head.task) : attentionChannels(head);

const int32Constant = (tape: Tape, values: readonly number[]): Tensor => ({
  value: tape.builder.node("Cast", [tape.builder.integers(values)], { to: { int: 6 } }),
  shape: [values.length],
  differentiable: false,
});

const counting = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const partOf = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  inputs: PatchInputs,
  cluster: Tensor | null,
): { parts: Named; scores: Tensor | null } => {
  const width = patchWidth(head);
  const { values, scores } = patchPart(tape, head, parameters, inputs);
  if (usesClusters(head)) {
    if (!cluster) throw new Error("This head reads clusters.");
    const members = oneHotColumns(tape, cluster, int32Constant(tape, counting(head.clusters)));
    return {
      parts: {
        sums: reshape(tape, matmul(tape, members, values), [1, head.clusters, width]),
        counts: reshape(tape, sum(tape, members, [1]), [1, head.clusters, 1]),
      },
      scores: null,
    };
  }
  if (head.architecture === "MAX_POOL") return { parts: { shift: max(tape, values, [0]) }, scores: values };
  if (!scores) throw new Error(`${head.architecture} has no scores to pool by.`);
  const zeros = tape.apply(
    "Expand",
    [int32Constant(tape, [0]), tape.dimension("patches")],
    [scores.shape[0] as Dimension],
    null,
  );
  const pooled = softmaxParts(tape, values, scores, segmentsOf(tape, zeros, int32Constant(tape, [0])));
  return {
    parts: { ...pooled, weighted: reshape(tape, pooled.weighted, [1, attentionChannels(head), width]) },
    scores,
  };
};

type Merged = { outputs: Tensor; attention: Tensor; clusterAttention: Tensor | null };

/** From stacked parts to the bag's numbers `[1, outputs]` and the weight of each patch `[patches]`. */
const merge = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  parts: Named,
  scores: Tensor | null,
  cluster: Tensor | null,
): Merged => {
  const part = (name: string): Tensor => parts[name] as Tensor;
  if (usesClusters(head)) {
    const counts = sum(tape, part("counts"), [0]);
    const { pooled, weights } = clusterAttention(tape, head, parameters, {
      sums: sum(tape, part("sums"), [0]),
      counts,
    });
    const atLeastOne = tape.apply("Max", [counts, tape.constant([1], [])], counts.shape, null);
    const perPatch = reshape(tape, divide(tape, weights, reshape(tape, atLeastOne, [1, head.clusters])), [
      head.clusters,
    ]);
    const patches = cluster?.shape[0] as Dimension;
    return {
      outputs: lastLayers(tape, head, parameters, pooled, null),
      attention: tape.apply("Gather", [perPatch, cluster as Tensor], [patches], null, { axis: { int: 0 } }),
      clusterAttention: reshape(tape, weights, [head.clusters]),
    };
  }
  const given = scores as Tensor;
  const patches = given.shape[0] as Dimension;
  if (head.architecture === "MAX_POOL") {
    const outputs = max(tape, part("shift"), [0]);
    // The patches that gave the greatest of the bag's numbers.
    const best = tape.apply("ArgMax", [outputs], [1, 1], null, { axis: { int: 1 } });
    const flatBest = tape.apply("Reshape", [best, tape.builder.integers([1])], [1], null);
    const column = tape.apply("Gather", [given, flatBest], [patches, 1], null, { axis: { int: 1 } });
    return { outputs, attention: shareOfGreatest(tape, column), clusterAttention: null };
  }
  const merged = mergedParts(tape, {
    shift: part("shift"),
    total: part("total"),
    weighted: part("weighted"),
  });
  const pooled = representation(tape, head, parameters, softmaxMeans(tape, merged), 1);
  const weights = divide(tape, exp(tape, subtract(tape, given, merged.shift)), merged.total);
  return {
    outputs: lastLayers(tape, head, parameters, pooled, null),
    attention: reshape(tape, mean(tape, weights, [1]), [patches]),
    clusterAttention: null,
  };
};

/** What outputs mean, for the task: the named predictions of one bag. */
const predictions = (tape: Tape, task: MilTask, outputs: Tensor): Named => {
  const count = outputCount(task);
  const flat = (x: Tensor): Tensor => reshape(tape, x, [count]);
  switch (task.kind) {
    case "CLASSIFICATION":
      return { probabilities: flat(softmax(tape, outputs, 1)) };
    case "REGRESSION":
      return { value: flat(outputs) };
    case "SURVIVAL": {
      if (task.likelihood === "COX") return { risk: flat(outputs) };
      // S after interval k is the product of 1 − h up to k.
      const alive = sigmoid(tape, negate(tape, outputs));
      const survival = counting(count).map((index) => {
        const first = slice(tape, alive, 1, 0, index + 1);
        return tape.apply("ReduceProd", [first, tape.builder.integers([1])], [1, 1], null);
      });
      const curve = tape.apply("Concat", survival, [1, count], null, { axis: { int: 1 } });
      const risk = negate(tape, reshape(tape, sum(tape, curve, [1]), [1]));
      return { risk, survival: flat(curve) };
    }
  }
};

type PatchDeclarations = PatchInputs & { cluster: Tensor | null };

const declarePatches = (tape: Tape, head: HeadDefinition, vectors: VectorType): PatchDeclarations => {
  const given = tape.input("features", vectors, ["patches", head.dims]);
  return {
    features: vectors === "float16" ? toFloat(tape, given) : given,
    coordinates: usesCoordinates(head) ? tape.input("coordinates", "float32", ["patches", 2]) : null,
    cluster: usesClusters(head) ? tape.input("cluster", "int32", ["patches"]) : null,
  };
};

export const scoringGraphs = (head: HeadDefinition, vectors: VectorType) => ({
  /** A piece of a bag in; what it leaves (`partShapes`, with 1 part) and `scores` of its patches out. */
  part: (): Uint8Array => {
    const tape = createTape();
    const flat = tape.input("parameters", "float32", [parameterCount(head)]);
    const parameters = namedParameters(tape, head, flat, false);
    const inputs = declarePatches(tape, head, vectors);
    const { parts, scores } = partOf(tape, head, parameters, inputs, inputs.cluster);
    for (const [name, tensor] of Object.entries(parts)) tape.output(tensor, `${name}Out`);
    if (scores) tape.output(scores, "scores");
    return encodeOnnx(tape.model("part"));
  },
  /** Stacked parts and all patches' scores (or clusters) in; `outputs`, `attention`, `clusterAttention` out. */
  merge: (): Uint8Array => {
    const tape = createTape();
    const flat = tape.input("parameters", "float32", [parameterCount(head)]);
    const parameters = namedParameters(tape, head, flat, false);
    const parts = Object.fromEntries(
      Object.entries(partShapes(head)).map(([name, shape]) => [name, tape.input(name, "float32", shape)]),
    );
    const columns = scoreColumns(head);
    const scores = columns > 0 ? tape.input("scores", "float32", ["patches", columns]) : null;
    const cluster = usesClusters(head) ? tape.input("cluster", "int32", ["patches"]) : null;
    const merged = merge(tape, head, parameters, parts, scores, cluster);
    tape.output(merged.outputs, "outputs");
    tape.output(merged.attention, "attention");
    if (merged.clusterAttention) tape.output(merged.clusterAttention, "clusterAttention");
    return encodeOnnx(tape.model("merge"));
  },
});

/** The finished head as one file: parameters inside, a whole bag in, predictions and attention out. */
export const wholeBagGraph = (head: HeadDefinition, flat: Float32Array): Uint8Array => {
  const tape = createTape();
  const parameters = Object.fromEntries(
    headParameters(head).map(({ name, shape, offset, size }) => [
      name,
      tape.constant(flat.subarray(offset, offset + size), shape),
    ]),
  );
  const inputs = declarePatches(tape, head, "float32");
  const { parts, scores } = partOf(tape, head, parameters, inputs, inputs.cluster);
  const merged = merge(tape, head, parameters, parts, scores, inputs.cluster);
  for (const [name, tensor] of Object.entries(predictions(tape, head.task, merged.outputs))) tape.output(tensor, name);
  tape.output(merged.attention, "attention");
  if (merged.clusterAttention) tape.output(merged.clusterAttention, "clusterAttention");
  return encodeOnnx(tape.model(`histoql ${head.architecture}`));
};

/** The names of the outputs above that are predictions, with their sizes. */
export const predictionOutputs = (task: MilTask): Record<string, number> => {
  switch (task.kind) {
    case "CLASSIFICATION":
      return { probabilities: task.classes.length };
    case "REGRESSION":
      return { value: 1 };
    case "SURVIVAL":
      return task.likelihood === "COX" ? { risk: 1 } : { risk: 1, survival: outputCount(task) };
  }
};
