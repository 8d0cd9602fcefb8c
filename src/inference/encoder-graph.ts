import { createGraphBuilder, type GraphBuilder, int, ints, type Value } from "../onnx/graph-builder.ts";
import { freePrefix, nodesNeededFor } from "../onnx/graph-values.ts";
import { toHalfPrecision } from "../onnx/half-precision.ts";
import { ELEMENT_TYPES, encodeOnnx, loadOnnx, type OnnxValueInfo } from "../onnx/proto.ts";
import type { StainMethod } from "../slides/index.ts";
import type { EncoderCard } from "./encoder-card.ts";
import { inspectDecoded } from "./inspect-model.ts";
import { normaliseStain } from "./stain-graph.ts";

export type VectorPrecision = "float32" | "float16";

/** Names of the prepared graph's input, uint8 [N, inputPixels, inputPixels, 3] RGB, and output, [N, dims]. */
export const PIXELS = "histoql_pixels";
export const VECTORS = "histoql_vectors";

export type PrepareOptions = {
  /** How differences of staining are evened out in front of the encoder. */
  stain?: StainMethod | null;
  /** 16 bits instead of 32 inside of the encoder. */
  computeInHalves?: boolean;
};

/**
 * Puts the preprocessing and the pooling of a card around an encoder: bytes in, vectors out, in one graph.
 *
 * The result takes uint8 [N, inputPixels, inputPixels, 3] RGB and gives [N, dims] in `precision`. Operator set and IR
 * version stay the model's own, so every operator keeps its meaning; nodes that the chosen output does not need are
 * dropped. With `stain` the pixels are first brought to one staining, by the inputs of `normaliseStain`. With
 * `computeInHalves` the encoder's own numbers have 16 bits; staining, scaling and pooling keep 32.
 * Throws what `inspectModel` throws, and what `toHalfPrecision` does.
 */
export const prepareEncoder = (
  bytes: Uint8Array,
  card: EncoderCard,
  precision: VectorPrecision,
  { stain = null, computeInHalves = false }: PrepareOptions = {},
): Uint8Array => {
  const model = loadOnnx(bytes);
  const graph = model.graph ?? {};
  const { opset, inputs } = inspectDecoded(model, card);
  const takesHalf = inputs.find(({ name }) => name === card.input)?.type === "float16";
  const becomesHalf = computeInHalves && !takesHalf;

  const prefix = freePrefix(graph, "histoql");
  const builder = createGraphBuilder(prefix);
  builder.input(PIXELS, "uint8", ["patches", card.inputPixels, card.inputPixels, 3]);
  normalise(builder, card, { half: takesHalf || becomesHalf, stain, as: card.input });
  const before = builder.parts().node.length;
  const output = becomesHalf ? builder.node("Cast", [card.output], { to: int(ELEMENT_TYPES.float32) }) : card.output;
  const pooled = pool(builder, { ...card, output }, opset);
  // The cast is always there: it turns a float16 encoder's output into float32 as well, and costs nothing when both agree.
  builder.node("Cast", [pooled], { to: int(ELEMENT_TYPES[precision]) }, VECTORS);
  builder.output(VECTORS, precision, ["patches", card.dims]);

  const added = builder.parts();
  const encoderNodes = nodesNeededFor(graph, [card.output]);
  const read = new Set(encoderNodes.flatMap((node) => node.input ?? []));
  const inner = new Set(encoderNodes.flatMap((node) => node.output ?? []));
  const encoder = {
    node: encoderNodes,
    // Subgraphs may read a weight that no outer node names, so weights go only when nothing nested could want them.
    initializer: (graph.initializer ?? []).filter(({ name }) => hasSubgraph(encoderNodes) || read.has(name ?? "")),
  };
  const { node, initializer } = becomesHalf ? toHalfPrecision(encoder, prefix) : encoder;
  model.graph = {
    ...graph,
    node: [...added.node.slice(0, before), ...node, ...added.node.slice(before)],
    initializer: [...initializer, ...added.initializer],
    // Before IR version 4 weights were listed among the inputs too.
    input: [
      ...added.input,
      ...(graph.input ?? [])
        .filter(({ name }) => name !== card.input && read.has(name ?? ""))
        .map(becomesHalf ? halfValue : (value) => value),
    ],
    output: added.output,
    // Types that were stated are no longer true of halves; the runtime infers them.
    valueInfo: (becomesHalf ? [] : (graph.valueInfo ?? [])).filter(({ name }) => inner.has(name ?? "")),
  };
  return encodeOnnx(model);
};

const halfValue = (value: OnnxValueInfo): OnnxValueInfo => {
  const { tensorType } = value.type ?? {};
  if (tensorType?.elemType !== ELEMENT_TYPES.float32) return value;
  return { ...value, type: { tensorType: { ...tensorType, elemType: ELEMENT_TYPES.float16 } } };
};

const hasSubgraph = (nodes: ReturnType<typeof nodesNeededFor>): boolean =>
  nodes.some(({ attribute }) => attribute?.some(({ g, graphs }) => g || graphs?.length));

/** Scale and offset per channel such that `value * scale + offset` is what the network was trained on. */
export const scaleAndOffset = ({ pixelScale }: EncoderCard): { scale: number[]; offset: number[] } => {
  if ("range" in pixelScale) {
    const [low, high] = pixelScale.range;
    return { scale: [0, 1, 2].map(() => (high - low) / 255), offset: [low, low, low] };
  }
  const { mean, std } = pixelScale;
  return { scale: std.map((s) => 1 / (255 * s)), offset: mean.map((m, channel) => -m / (std[channel] ?? 1)) };
};

type Preprocessing = { half: boolean; stain: StainMethod | null; as: string };

const normalise = (builder: GraphBuilder, card: EncoderCard, { half, stain, as }: Preprocessing): void => {
  const { scale, offset } = scaleAndOffset(card);
  const channelsFirst = card.layout === "NCHW";
  const perChannel = channelsFirst ? [1, 3, 1, 1] : [1, 1, 1, 3];
  let x: Value = PIXELS;
  // Bytes are reordered before they become floats: a quarter of the memory traffic.
  if (channelsFirst || stain) x = builder.node("Transpose", [x], { perm: ints(0, 3, 1, 2) });
  if (stain) {
    x = normaliseStain(builder, stain, x, card.inputPixels);
    if (!channelsFirst) x = builder.node("Transpose", [x], { perm: ints(0, 2, 3, 1) });
  }
  if (card.colourOrder === "BGR") {
    x = builder.node("Gather", [x, builder.integers([2, 1, 0])], { axis: int(channelsFirst ? 1 : 3) });
  }
  if (!stain) x = builder.node("Cast", [x], { to: int(ELEMENT_TYPES.float32) });
  x = builder.node("Mul", [x, builder.floats(scale, perChannel)]);
  x = builder.node("Add", [x, builder.floats(offset, perChannel)]);
  builder.node("Cast", [x], { to: int(half ? ELEMENT_TYPES.float16 : ELEMENT_TYPES.float32) }, as);
};

const pool = (builder: GraphBuilder, card: EncoderCard, opset: number): Value => {
  const { output, pooling, layout, prefixTokens } = card;
  switch (pooling) {
    case "none":
      return output;
    case "mean":
      return mean(builder, output, layout === "NCHW" ? [2, 3] : [1, 2], opset);
    case "cls-token":
      return builder.node("Gather", [output, builder.integers([0], [])], { axis: int(1) });
    case "mean-token":
      return mean(builder, skipTokens(builder, output, prefixTokens), [1], opset);
  }
};

const skipTokens = (builder: GraphBuilder, tokens: Value, count: number): Value =>
  count === 0
    ? tokens
    : builder.node("Slice", [
        tokens,
        builder.integers([count]),
        builder.integers([2 ** 31 - 1]),
        builder.integers([1]),
      ]);

/** ReduceMean took its axes as an attribute until operator set 18 made them an input. */
const mean = (builder: GraphBuilder, x: Value, axes: number[], opset: number): Value =>
  opset >= 18
    ? builder.node("ReduceMean", [x, builder.integers(axes)], { keepdims: int(0) })
    : builder.node("ReduceMean", [x], { axes: ints(...axes), keepdims: int(0) });
