import fc from "fast-check";
import { expect, test } from "vitest";
import { type HistoError, isHistoError } from "../platform/errors.ts";
import { parseEncoderCard } from "./encoder-card.ts";

const card = {
  key: "vit-s16",
  name: "ViT-S/16",
  digest: "0".repeat(64),
  inputPixels: 224,
  micronsPerPixel: 0.5,
  pixelScale: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  input: "input",
  output: "tokens",
  pooling: "cls-token",
  dims: 384,
  licence: "Apache-2.0",
};

const refusal = (json: unknown, path?: string[]): HistoError => {
  try {
    parseEncoderCard(json, path);
  } catch (error) {
    if (isHistoError(error)) return error;
    throw error;
  }
  throw new Error("The card was accepted.");
};

test("what a card leaves out is filled in: RGB, NCHW, bilinear, no citation", () => {
  expect(parseEncoderCard(card)).toMatchObject({
    colourOrder: "RGB",
    layout: "NCHW",
    resize: "bilinear",
    prefixTokens: 1,
    citation: null,
    precision: "float32",
  });
});

test.each([
  ["a dimension that is no number", { ...card, dims: "many" }, ["card", "dims"]],
  ["a missing output", { ...card, output: undefined }, ["card", "output"]],
  ["a misspelt field", { ...card, colorOrder: "BGR" }, ["card"]],
  ["an unknown pooling", { ...card, pooling: "max" }, ["card", "pooling"]],
  [
    "a standard deviation of zero",
    { ...card, pixelScale: { mean: [0, 0, 0], std: [0, 1, 1] } },
    ["card", "pixelScale"],
  ],
  ["a range upside down", { ...card, pixelScale: { range: [1, -1] } }, ["card", "pixelScale"]],
  ["a resolution in the wrong unit", { ...card, micronsPerPixel: 0.00025 }, ["card", "micronsPerPixel"]],
  ["a digest cut short", { ...card, digest: "abc" }, ["card", "digest"]],
])("%s is BAD_ARGUMENT with its path and a fix", (_, json, path) => {
  const error = refusal(json);
  expect(error.code).toBe("BAD_ARGUMENT");
  expect(error.inputPath?.slice(0, path.length)).toEqual(path);
  expect(error.fix).toBeTruthy();
});

test("every wrong field is named at once, below the path of the input", () => {
  const error = refusal({ ...card, dims: 0, inputPixels: 1, pooling: "max" }, ["input", "card"]);
  expect(error.message).toMatch(/inputPixels.*pooling.*dims/s);
  expect(error.inputPath).toEqual(["input", "card", "inputPixels"]);
  expect(refusal({ ...card, colorOrder: "BGR" }).message).toContain("colorOrder");
});

test("any JSON is a card or BAD_ARGUMENT", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(refusal(json).code).toBe("BAD_ARGUMENT");
    }),
  );
});
