import { createGraphBuilder, type Dimension, type GraphBuilder, int, ints, type Value } from "../onnx/graph-builder.ts";
import { ELEMENT_TYPES, encodeOnnx, type OnnxModel } from "../onnx/proto.ts";
import { type EncoderCard, type EncoderCardInput, parseEncoderCard } from "./encoder-card.ts";

/** Real encoders of a few nodes, for tests: small enough that what they compute can be said in a line. */

const side = 8;

export const tinyCard = (changes: Partial<EncoderCardInput> = {}): EncoderCard =>
  parseEncoderCard({
    key: "tiny",
    name: "Tiny encoder",
    inputPixels: side,
    pixelScale: { range: [0, 255] },
    input: "image",
    output: "vector",
    dims: 3,
    licence: "CC0-1.0",
    precision: "float32",
    ...changes,
  });

type TinyOptions = {
  opset?: number;
  layout?: "NCHW" | "NHWC";
  outputDims?: Dimension[];
  irVersion?: number;
  edge?: number;
};

/** An encoder of `edge`-pixel images whose nodes `body` writes. */
export const tinyModel = (
  body: (builder: GraphBuilder, image: Value) => Value,
  { opset = 18, layout = "NCHW", outputDims = ["n", 3], irVersion = 8, edge = side }: TinyOptions = {},
): OnnxModel => {
  const builder = createGraphBuilder("encoder/");
  const image = builder.input("image", "float32", layout === "NCHW" ? ["n", 3, edge, edge] : ["n", edge, edge, 3]);
  builder.node("Identity", [body(builder, image)], {}, "vector");
  builder.output("vector", "float32", outputDims);
  const model = builder.model({ opset });
  model.irVersion = irVersion;
  return model;
};

/** Mean of each channel. */
export const channelMeans = (options: TinyOptions = {}): Uint8Array =>
  encodeOnnx(
    tinyModel(
      (builder, image) => builder.node("Flatten", [builder.node("GlobalAveragePool", [image])], { axis: int(1) }),
      options,
    ),
  );

/** The image itself, unpooled. */
export const featureMap = (options: TinyOptions = {}): Uint8Array =>
  encodeOnnx(tinyModel((_, image) => image, { outputDims: ["n", 3, side, side], ...options }));

/** Channel means divided by themselves: NaN for a black patch under the scale 0..255. */
export const divideByItself = (): Uint8Array =>
  encodeOnnx(
    tinyModel((builder, image) => {
      const means = builder.node("Flatten", [builder.node("GlobalAveragePool", [image])], { axis: int(1) });
      return builder.node("Div", [means, means]);
    }),
  );

/** Rows of the first channel as 8 tokens of 8 values. */
export const tokens = (opset = 18): Uint8Array =>
  encodeOnnx(
    tinyModel(
      (builder, image) => {
        const first = builder.node("Slice", [
          image,
          builder.integers([0]),
          builder.integers([1]),
          builder.integers([1]),
        ]);
        return builder.node("Reshape", [first, builder.integers([-1, side, side])]);
      },
      { opset, outputDims: ["n", side, side] },
    ),
  );

/** Works only for the batch size 1, whatever its input says: every other batch fails inside the runtime. */
export const onlyOnePatch = (): Uint8Array =>
  encodeOnnx(
    tinyModel((builder, image) => {
      const means = builder.node("Flatten", [builder.node("GlobalAveragePool", [image])], { axis: int(1) });
      const one = builder.node("Reshape", [means, builder.integers([1, 3])]);
      return builder.node("Transpose", [one], { perm: ints(0, 1) });
    }),
  );

/** More numbers than an address space holds. */
const TOO_MANY = 2 ** 45;

/** Channel means, by a run that wants more memory than there is when its patches' greys add up to `most` or more. */
export const hungry = (most: number): Uint8Array =>
  encodeOnnx(
    tinyModel((builder, image) => {
      const means = builder.node("Flatten", [builder.node("GlobalAveragePool", [image])], { axis: int(1) });
      const red = builder.node("Gather", [means, builder.integers([0], [])], { axis: int(1) });
      const times = builder.node("Floor", [
        builder.node("Div", [builder.node("ReduceSum", [red], { keepdims: int(1) }), builder.floats([most], [1])]),
      ]);
      const whole = builder.node("Cast", [times], { to: int(ELEMENT_TYPES.int64) });
      const zeros = builder.node("ConstantOfShape", [builder.node("Mul", [whole, builder.integers([TOO_MANY])])]);
      return builder.node("Add", [means, builder.node("ReduceSum", [zeros], { keepdims: int(0) })]);
    }),
  );
