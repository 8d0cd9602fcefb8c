import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { graphInputs } from "../onnx/graph-values.ts";
import { encodeOnnx, loadOnnx, opsetVersion } from "../onnx/proto.ts";
import type { EncoderCard, EncoderCardInput } from "./encoder-card.ts";
import { PIXELS, prepareEncoder, VECTORS, type VectorPrecision } from "./encoder-graph.ts";
import { channelMeans, featureMap, tinyCard, tinyModel, tokens } from "./tiny-encoders.ts";

const side = 8;

const run = async (
  model: Uint8Array,
  card: EncoderCard,
  pixels: Uint8Array,
  precision: VectorPrecision = "float32",
) => {
  const session = await InferenceSession.create(prepareEncoder(model, card, precision));
  const patches = pixels.length / (side * side * 3);
  const { [VECTORS]: vectors } = await session.run({ [PIXELS]: new Tensor("uint8", pixels, [patches, side, side, 3]) });
  await session.release();
  expect(vectors?.dims).toEqual([patches, card.dims]);
  return Array.from((vectors?.data ?? []) as Float32Array);
};

const somePixels = fc.uint8Array({ minLength: 2 * side * side * 3, maxLength: 2 * side * side * 3 });

/** Means per patch and channel of scaled pixels, in RGB. */
const expectedMeans = (pixels: Uint8Array, scale: (value: number, channel: number) => number): number[][] =>
  [0, 1].map((patch) =>
    [0, 1, 2].map((channel) => {
      const values = Array.from(
        { length: side * side },
        (_, at) => pixels[(patch * side * side + at) * 3 + channel] ?? 0,
      );
      return values.reduce((sum, value) => sum + scale(value, channel), 0) / values.length;
    }),
  );

const closeTo = (got: number[], expected: number[], tolerance: number): void => {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, index) => {
    expect(Math.abs(value - (expected[index] ?? Number.NaN))).toBeLessThanOrEqual(tolerance);
  });
};

const mean = [0.485, 0.456, 0.406] as [number, number, number];
const std = [0.229, 0.224, 0.225] as [number, number, number];
const standardised = (value: number, channel: number): number =>
  (value / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1);

test("pixels are normalised by mean and standard deviation", async () => {
  const card = tinyCard({ pixelScale: { mean, std } });
  await fc.assert(
    fc.asyncProperty(somePixels, async (pixels) => {
      closeTo(await run(channelMeans(), card, pixels), expectedMeans(pixels, standardised).flat(), 1e-4);
    }),
    { numRuns: 15 },
  );
});

test("a range stretches 0..255 onto it, and BGR turns the channels round", async () => {
  const card = tinyCard({ pixelScale: { range: [-1, 1] }, colourOrder: "BGR" });
  await fc.assert(
    fc.asyncProperty(somePixels, async (pixels) => {
      const expected = expectedMeans(pixels, (value) => value / 127.5 - 1).flatMap((rgb) => rgb.toReversed());
      closeTo(await run(channelMeans(), card, pixels), expected, 1e-4);
    }),
    { numRuns: 15 },
  );
});

const pixels = Uint8Array.from({ length: 2 * side * side * 3 }, (_, at) => (at * 37 + (at >> 3)) % 256);

test.each([10, 11, 13, 17, 18])(
  "mean pooling over the image works in operator set %i, in both layouts",
  async (opset) => {
    const expected = expectedMeans(pixels, (value) => value).flat();
    const channelsFirst = tinyCard({ pooling: "mean" });
    closeTo(await run(featureMap({ opset }), channelsFirst, pixels), expected, 1e-3);
    const channelsLast: Partial<EncoderCardInput> = { pooling: "mean", layout: "NHWC" };
    const model = featureMap({ opset, layout: "NHWC", outputDims: ["n", side, side, 3] });
    closeTo(await run(model, tinyCard(channelsLast), pixels), expected, 1e-3);
  },
);

test.each([13, 18])(
  "of tokens the first is taken, or the mean behind the prefix, in operator set %i",
  async (opset) => {
    const red = (row: number): number[] => Array.from({ length: side }, (_, x) => pixels[(row * side + x) * 3] ?? 0);
    const first = await run(tokens(opset), tinyCard({ pooling: "cls-token", dims: side }), pixels);
    closeTo(first.slice(0, side), red(0), 0);
    for (const prefixTokens of [0, 1, 5]) {
      const card = tinyCard({ pooling: "mean-token", dims: side, prefixTokens });
      const rows = Array.from({ length: side - prefixTokens }, (_, index) => red(index + prefixTokens));
      const expected = Array.from(
        { length: side },
        (_, x) => rows.reduce((sum, row) => sum + (row[x] ?? 0), 0) / rows.length,
      );
      closeTo((await run(tokens(opset), card, pixels)).slice(0, side), expected, 1e-3);
    }
  },
);

test("half precision leaves the graph as the nearest half", async () => {
  const single = await run(channelMeans(), tinyCard(), pixels);
  const half = await run(channelMeans(), tinyCard(), pixels, "float16");
  expect(half).toEqual([...Float16Array.from(single)]);
});

test("names in the model that look like ours do not collide", async () => {
  const model = tinyModel((builder, image) => {
    const pooled = builder.node("GlobalAveragePool", [image], {}, "histoql/Transpose0");
    return builder.node("Reshape", [pooled, builder.integers([-1, 3])], {}, "histoql/Cast0");
  });
  closeTo(await run(encodeOnnx(model), tinyCard(), pixels), expectedMeans(pixels, (value) => value).flat(), 1e-3);
});

test("operator set and IR version stay the model's; weights listed as inputs (IR 3) stay weights", async () => {
  const model = tinyModel(
    (builder, image) => {
      const pooled = builder.node("Flatten", [builder.node("GlobalAveragePool", [image])]);
      return builder.node("Add", [pooled, builder.floats([1, 2, 3], [3])]);
    },
    { opset: 11, irVersion: 3 },
  );
  const [weight] = model.graph?.initializer ?? [];
  model.graph?.input?.push({
    name: weight?.name ?? "",
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 3 }] } } },
  });
  const prepared = loadOnnx(prepareEncoder(encodeOnnx(model), tinyCard(), "float32"));
  expect(opsetVersion(prepared)).toBe(11);
  expect(Number(prepared.irVersion)).toBe(3);
  expect(graphInputs(prepared.graph ?? {}).map(({ name }) => name)).toEqual([PIXELS]);
  const expected = expectedMeans(pixels, (value) => value).flatMap((rgb) =>
    rgb.map((value, channel) => value + channel + 1),
  );
  closeTo(await run(encodeOnnx(model), tinyCard(), pixels), expected, 1e-3);
});

test("what lies behind the chosen output is cut away", () => {
  const model = tinyModel((builder, image) => {
    const pooled = builder.node("Flatten", [builder.node("GlobalAveragePool", [image])], {}, "middle");
    return builder.node("MatMul", [pooled, builder.floats(new Float32Array(9), [3, 3])]);
  });
  model.graph?.output?.push({ name: "middle", type: { tensorType: { elemType: 1 } } });
  const prepared = loadOnnx(prepareEncoder(encodeOnnx(model), tinyCard({ output: "middle" }), "float32"));
  const ops = prepared.graph?.node?.map(({ opType }) => opType);
  expect(ops).not.toContain("MatMul");
  expect(prepared.graph?.initializer?.every(({ dims }) => dims?.length !== 2)).toBe(true);
});
