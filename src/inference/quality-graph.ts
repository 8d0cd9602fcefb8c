import { createGraphBuilder, type GraphBuilder, int, ints, type Value } from "../onnx/graph-builder.ts";
import { ELEMENT_TYPES, encodeOnnx } from "../onnx/proto.ts";
import { PIXELS } from "./encoder-graph.ts";

/** What is measured of every patch, in the order of the graph's output. */
export const QUALITY_MEASURES = ["blurVariance", "penShare", "foldShare", "dabShare"] as const;
export type QualityMeasure = (typeof QUALITY_MEASURES)[number];

/** Raised whenever the same pixels would give other figures. Part of a feature set's digest. */
export const QUALITY_VERSION = 1;

export const MEASURES = "histoql_measures";

/** Luminance of RGB (ITU-R BT.601), the grey that OpenCV and Pillow make. */
const LUMINANCE = [0.299, 0.587, 0.114];

/** Shares of pixels are those of every second pixel of every second row: a quarter of the work for the same share. */
export const SAMPLED_EVERY = 2;

/**
 * Marker ink, told by a channel against the others. No common stain is green; blue and red inks let nearly nothing through
 * in the other two channels, which neither haematoxylin nor eosin, DAB or blood does; black ink lets nothing through at all.
 */
export const INK = {
  /** Green exceeds red by `overRed` and blue by `overBlue` levels. */
  green: { overRed: 30, overBlue: 15 },
  /** The colour exceeds `least` levels; each of the others lies below `share` of it. */
  blue: { least: 80, red: 0.3, green: 0.7 },
  red: { least: 110, share: 0.3 },
  /** No channel exceeds so many levels. */
  blackBelow: 45,
} as const;

/** Folds are looked for in blocks so wide: wider than a nucleus, narrower than a fold. */
export const FOLD_BLOCK_MICRONS = 10;
/** Saturation less intensity, both 0–1, from which a block is folded. */
export const FOLD_DIFFERENCE = 0.25;

/** Optical densities (log10) per unit of haematoxylin, eosin and DAB in red, green and blue: table 1 of Ruifrok & Johnston. */
export const HED = [
  [0.65, 0.7, 0.29],
  [0.07, 0.99, 0.11],
  [0.27, 0.57, 0.78],
] as const;
/** Optical density (log10) of DAB from which a pixel is positive. */
export const DAB_DENSITY = 0.2;

/**
 * Of densities in red, green and blue, what gives the amount of DAB: with unit vectors h, e, d of the stains, the row
 * (h × e) / (d · (h × e)) of the inverse of their matrix.
 */
export const dabUnmixing = (): number[] => {
  const [h, e, d] = HED.map((row) => row.map((value) => value / Math.hypot(...row))) as [number[], number[], number[]];
  const at = (v: number[], i: number) => v[i % 3] as number;
  const cross = [0, 1, 2].map((i) => at(h, i + 1) * at(e, i + 2) - at(h, i + 2) * at(e, i + 1));
  const volume = cross.reduce((sum, value, i) => sum + value * at(d, i), 0);
  return cross.map((value) => value / volume);
};

/**
 * Measures patches: uint8 RGB [N, edge, edge, 3] in, float32 [N, 4] out, in the order of QUALITY_MEASURES.
 *
 * - blurVariance (squared grey levels): variance of the Laplacian of the luminance, borders left out; low where out of focus
 *   (J. L. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000).
 * - penShare (0–1 of the pixels): marker ink, by the rules of INK.
 * - foldShare (0–1 of blocks of 10 µm): saturation less intensity is large, as where tissue lies double (P. Bautista & Y. Yagi,
 *   J. Pathol. Inform. 1:25, 2010); HSV saturation and mean of the channels, of the block's mean colour.
 * - dabShare (0–1 of the pixels): optical density of DAB at least 0.2, after unmixing haematoxylin, eosin and DAB
 *   (A. C. Ruifrok & D. A. Johnston, Anal. Quant. Cytol. Histol. 23, 2001), with density log10(256 / (value + 1)).
 *   Dense haematoxylin and eosin unmix into some DAB too, so red must be brighter than green and green than blue, as in brown.
 *
 * @param edge in pixels @param micronsPerPixel of the patches
 */
export const qualityGraph = (edge: number, micronsPerPixel: number): Uint8Array => {
  const builder = createGraphBuilder();
  const bytes = builder.input(PIXELS, "uint8", ["patches", edge, edge, 3]);
  const rgb = planesOf(builder, bytes);
  const sampled = planesOf(
    builder,
    slice(builder, bytes, { axes: [1, 2], from: [0, 0], to: [edge, edge], step: SAMPLED_EVERY }),
  );
  const measures: Record<QualityMeasure, Value> = {
    blurVariance: blurVariance(builder, rgb, edge),
    penShare: penShare(builder, sampled),
    foldShare: foldShare(builder, rgb, Math.min(edge, Math.max(1, Math.round(FOLD_BLOCK_MICRONS / micronsPerPixel)))),
    dabShare: dabShare(builder, sampled, Math.ceil(edge / SAMPLED_EVERY)),
  };
  const columns = QUALITY_MEASURES.map((name) => builder.node("Flatten", [measures[name]], { axis: int(1) }));
  builder.node("Concat", columns, { axis: int(1) }, MEASURES);
  builder.output(MEASURES, "float32", ["patches", QUALITY_MEASURES.length]);
  return encodeOnnx(builder.model({ opset: 18, name: "quality" }));
};

const scalar = (builder: GraphBuilder, value: number): Value => builder.floats([value], []);

type Range = { axes: number[]; from: number[]; to: number[]; step?: number };

const slice = (builder: GraphBuilder, x: Value, { axes, from, to, step = 1 }: Range): Value =>
  builder.node("Slice", [
    x,
    builder.integers(from),
    builder.integers(to),
    builder.integers(axes),
    builder.integers(axes.map(() => step)),
  ]);

/** uint8 [N, H, W, 3] → float32 [N, 3, H, W]. */
const planesOf = (builder: GraphBuilder, bytes: Value): Value =>
  builder.node("Cast", [builder.node("Transpose", [bytes], { perm: ints(0, 3, 1, 2) })], {
    to: int(ELEMENT_TYPES.float32),
  });

/** A sum of the three channels by weights: [N, 3, H, W] → [N, 1, H, W]. A matrix product: a convolution would reorder first. */
const weighted = (builder: GraphBuilder, planes: Value, weights: readonly number[], edge: number): Value => {
  const rows = builder.node("Reshape", [planes, builder.integers([0, 3, edge * edge])]);
  const sum = builder.node("MatMul", [builder.floats(weights, [1, 3]), rows]);
  return builder.node("Reshape", [sum, builder.integers([0, 1, edge, edge])]);
};

/** Mean over the picture: [N, 1, H, W] → [N, 1, 1, 1]. */
const mean = (builder: GraphBuilder, x: Value): Value => builder.node("GlobalAveragePool", [x]);

/** Share of the picture where a condition holds. */
const share = (builder: GraphBuilder, condition: Value): Value =>
  mean(builder, builder.node("Cast", [condition], { to: int(ELEMENT_TYPES.float32) }));

/** Of the discrete Laplacian of four neighbours, as sums of shifted pictures. */
const blurVariance = (builder: GraphBuilder, rgb: Value, edge: number): Value => {
  const grey = weighted(builder, rgb, LUMINANCE, edge);
  const inner = edge - 2;
  const shifted = (top: number, left: number) =>
    slice(builder, grey, { axes: [2, 3], from: [top, left], to: [top + inner, left + inner] });
  const around = builder.node("Sum", [shifted(0, 1), shifted(1, 0), shifted(1, 2), shifted(2, 1)]);
  const edges = builder.node("Sub", [around, builder.node("Mul", [shifted(1, 1), scalar(builder, 4)])]);
  const away = builder.node("Sub", [edges, mean(builder, edges)]);
  return mean(builder, builder.node("Mul", [away, away]));
};

/** The three channels, each [N, 1, H, W]. */
const channels = (builder: GraphBuilder, planes: Value): [Value, Value, Value] => {
  const channel = (index: number) => slice(builder, planes, { axes: [1], from: [index], to: [index + 1] });
  return [channel(0), channel(1), channel(2)];
};

const penShare = (builder: GraphBuilder, rgb: Value): Value => {
  const [red, green, blue] = channels(builder, rgb);
  const brightest = builder.node("Max", [red, green, blue]);
  const times = (x: Value, factor: number) => builder.node("Mul", [x, scalar(builder, factor)]);
  const above = (x: Value, y: Value) => builder.node("Greater", [x, y]);
  const all = (...conditions: Value[]) => conditions.reduce((a, b) => builder.node("And", [a, b]));
  const any = (...conditions: Value[]) => conditions.reduce((a, b) => builder.node("Or", [a, b]));
  const over = (x: Value, y: Value, levels: number) => above(builder.node("Sub", [x, y]), scalar(builder, levels));
  const isGreen = all(over(green, red, INK.green.overRed), over(green, blue, INK.green.overBlue));
  const isBlue = all(
    above(blue, scalar(builder, INK.blue.least)),
    above(times(blue, INK.blue.red), red),
    above(times(blue, INK.blue.green), green),
  );
  const isRed = all(
    above(red, scalar(builder, INK.red.least)),
    above(times(red, INK.red.share), builder.node("Max", [green, blue])),
  );
  const isBlack = above(scalar(builder, INK.blackBelow), brightest);
  return share(builder, any(isGreen, isBlue, isRed, isBlack));
};

const foldShare = (builder: GraphBuilder, rgb: Value, block: number): Value => {
  const colours = builder.node("AveragePool", [rgb], { kernel_shape: ints(block, block), strides: ints(block, block) });
  const [high, low, middle] = ["ReduceMax", "ReduceMin", "ReduceMean"].map((op) =>
    builder.node(op, [colours, builder.integers([1])], { keepdims: int(1) }),
  ) as [Value, Value, Value];
  const saturation = builder.node("Div", [
    builder.node("Sub", [high, low]),
    // Black has no saturation.
    builder.node("Max", [high, scalar(builder, 1)]),
  ]);
  const intensity = builder.node("Mul", [middle, scalar(builder, 1 / 255)]);
  const difference = builder.node("Sub", [saturation, intensity]);
  return share(builder, builder.node("GreaterOrEqual", [difference, scalar(builder, FOLD_DIFFERENCE)]));
};

const dabShare = (builder: GraphBuilder, rgb: Value, edge: number): Value => {
  const logs = builder.node("Log", [builder.node("Add", [rgb, scalar(builder, 1)])]);
  // Σ w · (log10 256 − log10(value + 1)), its constant part on the other side of the comparison.
  const weights = dabUnmixing();
  const constant = weights.reduce((sum, weight) => sum + weight, 0) * Math.log10(256);
  const factors = weights.map((weight) => -weight / Math.LN10);
  const absorbed = weighted(builder, logs, factors, edge);
  const isDense = builder.node("GreaterOrEqual", [absorbed, scalar(builder, DAB_DENSITY - constant)]);
  const [red, green, blue] = channels(builder, rgb);
  const isBrown = builder.node("And", [builder.node("Greater", [red, green]), builder.node("Greater", [green, blue])]);
  return share(builder, builder.node("And", [isDense, isBrown]));
};
