import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isHistoError } from "../platform/errors.ts";
import { createGraphBuilder } from "./graph-builder.ts";
import { encodeOnnx, loadOnnx, opsetVersion } from "./proto.ts";

const relu = () => {
  const builder = createGraphBuilder();
  const x = builder.input("x", "float32", ["n", 3]);
  builder.output(builder.node("Relu", [builder.node("Add", [x, builder.floats([1, 2, 3], [3])])], {}, "y"), "float32", [
    "n",
    3,
  ]);
  return builder.model();
};

test("a model survives encoding and decoding", () => {
  const again = loadOnnx(encodeOnnx(relu()));
  expect(again.graph?.node?.map(({ opType }) => opType)).toEqual(["Add", "Relu"]);
  expect(opsetVersion(again)).toBe(18);
  expect(encodeOnnx(again)).toEqual(encodeOnnx(relu()));
});

test("whatever the bytes are, they are a model or MODEL_INCOMPATIBLE", () => {
  const real = encodeOnnx(relu());
  const damaged = fc
    .record({ at: fc.nat(real.length - 1), byte: fc.nat(255), length: fc.integer({ min: 0, max: real.length }) })
    .map(({ at, byte, length }) => {
      const copy = real.slice();
      copy[at] = byte;
      return copy.subarray(0, length);
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
      try {
        expect(loadOnnx(bytes).graph?.node?.length).toBeGreaterThan(0);
      } catch (error) {
        expect(isHistoError(error) && error.code).toBe("MODEL_INCOMPATIBLE");
      }
    }),
    { numRuns: 500 },
  );
});

test("text and other files are not ONNX", () => {
  for (const bytes of [Buffer.from("not a model\n".repeat(99)), readFileSync(import.meta.filename), new Uint8Array()]) {
    expect(() => loadOnnx(bytes)).toThrow(
      expect.objectContaining({ code: "MODEL_INCOMPATIBLE", fix: expect.any(String) }),
    );
  }
});

test("weights in a second file are refused, in an initializer as in an attribute", () => {
  const model = relu();
  const [weight] = model.graph?.initializer ?? [];
  if (weight) weight.externalData = [{ key: "location", value: "weights.bin" }];
  expect(() => loadOnnx(encodeOnnx(model))).toThrow(/second file/);

  const other = relu();
  const [add] = other.graph?.node ?? [];
  if (add) add.attribute = [{ name: "value", type: 4, t: { dataType: 1, dims: [1], dataLocation: 1 } }];
  expect(() => loadOnnx(encodeOnnx(other))).toThrow(/second file/);
});
