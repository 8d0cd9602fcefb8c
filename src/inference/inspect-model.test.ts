import { expect, test } from "vitest";
import { encodeOnnx } from "../onnx/proto.ts";
import { inspectModel } from "./inspect-model.ts";
import { channelMeans, featureMap, tinyCard, tinyModel, tokens } from "./tiny-encoders.ts";

test("inputs, outputs and operator set are read without a card", () => {
  expect(inspectModel(channelMeans({ opset: 13 }))).toEqual({
    opset: 13,
    inputs: [{ name: "image", type: "float32", dims: [null, 3, 8, 8] }],
    outputs: [{ name: "vector", type: "float32", dims: [null, 3] }],
  });
});

test.each([
  ["an output that is missing", channelMeans(), { output: "features" }, "MODEL_INCOMPATIBLE", ["card", "output"]],
  ["an input that is missing", channelMeans(), { input: "pixels" }, "MODEL_INCOMPATIBLE", ["card", "input"]],
  ["other dimensions", channelMeans(), { dims: 4 }, "DIMENSION_MISMATCH", ["card", "dims"]],
  ["another image size", channelMeans(), { inputPixels: 16 }, "DIMENSION_MISMATCH", ["card", "inputPixels"]],
  ["another layout", channelMeans(), { layout: "NHWC" }, "DIMENSION_MISMATCH", ["card", "inputPixels"]],
  ["a feature map without pooling", featureMap(), {}, "DIMENSION_MISMATCH", ["card", "pooling"]],
  ["tokens pooled as an image", tokens(), { pooling: "mean", dims: 8 }, "DIMENSION_MISMATCH", ["card", "pooling"]],
  ["an operator set too old", channelMeans({ opset: 9 }), {}, "MODEL_INCOMPATIBLE", ["model"]],
] as const)("%s is refused", (_, model, card, code, path) => {
  expect(() => inspectModel(model, tinyCard(card))).toThrow(
    expect.objectContaining({ code, inputPath: path, fix: expect.any(String) }),
  );
});

test("a fixed batch size and a second input are refused", () => {
  const fixed = tinyModel((_, image) => image);
  const [input] = fixed.graph?.input ?? [];
  const [batch] = input?.type?.tensorType?.shape?.dim ?? [];
  if (batch) Object.assign(batch, { dimParam: "", dimValue: 1 });
  expect(() => inspectModel(encodeOnnx(fixed), tinyCard())).toThrow(/1 image/);

  const two = tinyModel((builder, image) => builder.node("Mul", [image, builder.input("age", "float32", ["n", 1])]));
  expect(() => inspectModel(encodeOnnx(two), tinyCard())).toThrow(/more than an image: age/);
});

test("dimensions that the file leaves open are left to the first run", () => {
  expect(inspectModel(channelMeans({ outputDims: ["n", "d"] }), tinyCard({ dims: 99 })).outputs[0]?.dims).toEqual([
    null,
    null,
  ]);
});
