import {
  add,
  compare,
  divide,
  dropout,
  gelu,
  multiply,
  relu,
  scale,
  sigmoid,
  tanh,
  toFloat,
  where,
} from "../../onnx/elementwise.ts";
import type { Dimension } from "../../onnx/graph-builder.ts";
import { linear, matmul } from "../../onnx/products.ts";
import { layerNorm, max, mean, softmax, sum } from "../../onnx/reductions.ts";
import { concat, expandTo, reshape } from "../../onnx/shaping.ts";
import type { Tape, Tensor } from "../../onnx/tape.ts";
import { headParameters, POSITION_FEATURES, POSITION_FREQUENCIES, patchWidth, usesClusters } from "./headParameters.ts";
import { MINUS_INFINITY, type Segments, segmentMax, softmaxMeans, softmaxParts } from "./pooling.ts";
import type { HeadDefinition } from "./types.ts";

// The forward pass of every head, once: training steps, scoring in parts and the exported file are made of these.

export type Parameters = Readonly<Record<string, Tensor>>;

/** Cuts the flat array `[parameters]` into its tensors. As leaves they are what a loss is differentiated by. */
export const namedParameters = (tape: Tape, head: HeadDefinition, flat: Tensor, asLeaves: boolean): Parameters =>
  Object.fromEntries(
    headParameters(head).map(({ name, shape, offset, size }) => {
      const integers = (value: number): string => tape.builder.integers([value]);
      const part = tape.apply("Slice", [flat, integers(offset), integers(offset + size), integers(0)], [size], null);
      const tensor = reshape(tape, part, shape);
      return [name, asLeaves ? tape.leaf(tensor) : tensor];
    }),
  );

/** The gradients by all parameters, flat. */
export const flatGradient = (tape: Tape, head: HeadDefinition, loss: Tensor, parameters: Parameters): Tensor => {
  const wanted = headParameters(head);
  const gradients = tape.gradients(
    loss,
    wanted.map(({ name }) => parameters[name] as Tensor),
  );
  return concat(
    tape,
    gradients.map((gradient, index) => reshape(tape, gradient, [wanted[index]?.size ?? 0])),
    0,
  );
};

export type PatchInputs = {
  /** float32 `[patches, dims]`. */
  features: Tensor;
  /** `[patches, 2]`, millimetres; SELF_ATTENTION alone. */
  coordinates: Tensor | null;
};

const parameter = (parameters: Parameters, name: string): Tensor => {
  const tensor = parameters[name];
  if (!tensor) throw new Error(`The head has no parameter ${name}.`);
  return tensor;
};

const layer = (tape: Tape, parameters: Parameters, name: string, x: Tensor): Tensor =>
  linear(tape, x, parameter(parameters, `${name}.weight`), parameter(parameters, `${name}.bias`));

/** w·tanh(V·x), gated by σ(U·x) where the head has a gate (Ilse, Tomczak & Welling 2018, equations 8 and 9). */
const attentionScores = (tape: Tape, head: HeadDefinition, parameters: Parameters, x: Tensor): Tensor => {
  const hidden = tanh(tape, layer(tape, parameters, "attention", x));
  const gated =
    head.architecture === "GATED_ABMIL"
      ? multiply(tape, hidden, sigmoid(tape, layer(tape, parameters, "gate", x)))
      : hidden;
  return layer(tape, parameters, "score", gated);
};

/** Sines and cosines of x and y at all frequencies (as Vaswani et al. 2017, here over the plane): `[patches, 64]`. */
const positionCode = (tape: Tape, coordinates: Tensor): Tensor => {
  const patches = coordinates.shape[0] as Dimension;
  const frequencies = tape.constant([...POSITION_FREQUENCIES], [1, 1, POSITION_FREQUENCIES.length]);
  const angles = multiply(tape, reshape(tape, coordinates, [patches, 2, 1]), frequencies);
  const waves = concat(
    tape,
    [tape.apply("Sin", [angles], angles.shape, null), tape.apply("Cos", [angles], angles.shape, null)],
    2,
  );
  return reshape(tape, waves, [patches, POSITION_FEATURES]);
};

/** What is pooled, `[patches, width]`, and with which scores, `[patches, channels]` (null: not by a softmax over patches). */
export type PatchPart = { values: Tensor; scores: Tensor | null };

/** What a head computes for each patch on its own. */
export const patchPart = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  { features, coordinates }: PatchInputs,
): PatchPart => {
  const embedded = head.hidden === null ? features : relu(tape, layer(tape, parameters, "embed", features));
  switch (head.architecture) {
    case "ABMIL":
    case "GATED_ABMIL":
      return { values: embedded, scores: attentionScores(tape, head, parameters, embedded) };
    case "MEAN_POOL": {
      const same = expandTo(tape, tape.constant([0], [1, 1]), [features.shape[0] as Dimension, 1]);
      return { values: embedded, scores: same };
    }
    case "MAX_POOL":
      return { values: lastLayers(tape, head, parameters, embedded, null), scores: null };
    case "DEEP_ATTN_MISL":
      return { values: embedded, scores: null };
    case "SELF_ATTENTION": {
      if (!coordinates) throw new Error("A self-attention head reads coordinates.");
      const placed = add(tape, embedded, layer(tape, parameters, "position", positionCode(tape, coordinates)));
      const keys = layer(tape, parameters, "key", placed);
      const scores = matmul(tape, keys, parameter(parameters, "latents"), { transB: true });
      return {
        values: layer(tape, parameters, "value", placed),
        scores: scale(tape, scores, 1 / Math.sqrt(head.attentionHidden)),
      };
    }
  }
};

/** Attention among a bag's latents, and a layer for each: `[bags, latents, width]` → their mean `[bags, width]`. */
const latentBlock = (tape: Tape, head: HeadDefinition, parameters: Parameters, latents: Tensor): Tensor => {
  const [bags, count, width] = latents.shape as [Dimension, number, number];
  const each = (x: Tensor, name: string, out: number): Tensor => {
    const rows = reshape(tape, x, [typeof bags === "number" ? bags * count : `${bags}*${count}`, x.shape[2] as number]);
    return reshape(tape, layer(tape, parameters, name, rows), [bags, count, out]);
  };
  const norm = (x: Tensor, name: string): Tensor =>
    layerNorm(tape, x, parameter(parameters, `${name}.weight`), parameter(parameters, `${name}.bias`));
  const normal = norm(latents, "latentNorm");
  const similarity = matmul(tape, each(normal, "latentQuery", width), each(normal, "latentKey", width), {
    transB: true,
  });
  const weights = softmax(tape, scale(tape, similarity, 1 / Math.sqrt(width)), 2);
  const mixed = add(tape, latents, each(matmul(tape, weights, each(normal, "latentValue", width)), "latentOut", width));
  const block = each(gelu(tape, each(norm(mixed, "mixNorm"), "mixIn", 2 * width)), "mixOut", width);
  return reshape(tape, mean(tape, add(tape, mixed, block), [1]), [bags, patchWidth(head)]);
};

/** Pooled values `[bags · channels, width]` to the bag's representation `[bags, width]`. */
export const representation = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  means: Tensor,
  bags: Dimension,
): Tensor =>
  head.architecture === "SELF_ATTENTION"
    ? latentBlock(tape, head, parameters, reshape(tape, means, [bags, head.latents, patchWidth(head)]))
    : means;

export type ClusterPart = {
  /** Sum of the patches of each cluster `[bags, clusters, width]`, and their number `[bags, clusters, 1]`. */
  sums: Tensor;
  counts: Tensor;
};

/**
 * Attention over clusters (Yao et al. 2020): the mean of each cluster, scored by wᵀ·tanh(V·h); an absent cluster gets
 * minus infinity and thereby exactly 0. Gives `[bags, width]` and the weights `[bags, clusters]`.
 */
export const clusterAttention = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  { sums, counts }: ClusterPart,
): { pooled: Tensor; weights: Tensor } => {
  const [bags, clusters, width] = sums.shape as [Dimension, number, number];
  const zero = tape.constant([0], []);
  const isPresent = compare(tape, "Greater", counts, zero);
  const means = divide(tape, sums, max1(tape, counts));
  const rows = reshape(tape, means, [typeof bags === "number" ? bags * clusters : `${bags}*${clusters}`, width]);
  const scores = reshape(tape, attentionScores(tape, head, parameters, rows), [bags, clusters]);
  const mask = where(tape, reshape(tape, isPresent, [bags, clusters]), zero, tape.constant([MINUS_INFINITY], []));
  const weights = softmax(tape, add(tape, scores, mask), 1);
  const pooled = sum(tape, multiply(tape, means, reshape(tape, weights, [bags, clusters, 1])), [1]);
  return { pooled: reshape(tape, pooled, [bags, width]), weights };
};

const max1 = (tape: Tape, x: Tensor): Tensor => tape.apply("Max", [x, tape.constant([1], [])], x.shape, null);

/** From a bag's representation to its numbers `[bags, outputs]`; `mask` `[bags, lastWidth]` is dropout while training. */
export const lastLayers = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  pooled: Tensor,
  mask: Tensor | null,
): Tensor => {
  const last = head.headHidden === null ? pooled : relu(tape, layer(tape, parameters, "head", pooled));
  return layer(tape, parameters, "out", mask ? dropout(tape, last, mask) : last);
};

/** The whole forward pass over bags that are put one behind the other: `[bags, outputs]`. */
export const bagOutputs = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  inputs: PatchInputs,
  segments: Segments,
  bags: Dimension,
  mask: Tensor | null,
): Tensor => {
  const { values, scores } = patchPart(tape, head, parameters, inputs);
  if (head.architecture === "MAX_POOL") return segmentMax(tape, values, segments);
  if (usesClusters(head)) {
    const sums = matmul(tape, segments.members, values);
    const counts = sum(tape, segments.members, [1]);
    const { pooled } = clusterAttention(tape, head, parameters, {
      sums: reshape(tape, sums, [bags, head.clusters, patchWidth(head)]),
      counts: reshape(tape, counts, [bags, head.clusters, 1]),
    });
    return lastLayers(tape, head, parameters, pooled, mask);
  }
  if (!scores) throw new Error(`${head.architecture} has no scores to pool by.`);
  const means = softmaxMeans(tape, softmaxParts(tape, values, scores, segments));
  return lastLayers(tape, head, parameters, representation(tape, head, parameters, means, bags), mask);
};

/** The same weight for all patches that hold the greatest value of one column: `[patches]`. */
export const shareOfGreatest = (tape: Tape, column: Tensor): Tensor => {
  const patches = column.shape[0] as Dimension;
  const chosen = toFloat(tape, compare(tape, "Equal", column, max(tape, column, [0])));
  return reshape(tape, divide(tape, chosen, sum(tape, chosen, [0])), [patches]);
};
