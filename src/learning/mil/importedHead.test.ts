import { describe, expect, test } from "vitest";
import { matmul } from "../../onnx/products.ts";
import { encodeOnnx } from "../../onnx/proto.ts";
import { mean, softmax } from "../../onnx/reductions.ts";
import { reshape } from "../../onnx/shaping.ts";
import { createTape } from "../../onnx/tape.ts";
import { isHistoError } from "../../platform/errors.ts";
import { memoryRows } from "./batches.ts";
import { exportHead } from "./exportHead.ts";
import { initialParameters } from "./headParameters.ts";
import { createImportedScorer, type ImportedHead, inspectHead } from "./importedHead.ts";
import { createScorer } from "./scoring.ts";
import { DIMS, engine, smallHead } from "./syntheticBags.testkit.ts";
import type { MilTask } from "./types.ts";

const task: MilTask = { kind: "CLASSIFICATION", classes: ["a", "b"] };
const described: ImportedHead = { task, dims: 3, featuresInput: "x", output: "logits", attentionOutput: "scores" };

/** Logits of the mean vector, and two channels of raw scores, over `[1, patches, 3]`. */
const foreign = (): Uint8Array => {
  const tape = createTape();
  const x = tape.input("x", "float32", [1, "patches", 3]);
  const rows = reshape(tape, x, ["patches", 3]);
  tape.output(matmul(tape, mean(tape, rows, [0]), tape.constant([1, 0, 0, 1, 0, 0], [3, 2])), "logits");
  tape.output(matmul(tape, tape.constant([1, 0, 0, 0, 1, 0], [2, 3]), rows, { transB: true }), "scores");
  tape.output(softmax(tape, mean(tape, rows, [0]), 1), "shares");
  return encodeOnnx(tape.model("foreign"));
};
const vectors = Float32Array.from([1, 2, 0, 3, 4, 0]);
const bag = { key: "bag", patient: "p", patches: 2, read: memoryRows(3, { vectors }) };

const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return isHistoError(error) ? [error.code, error.inputPath?.[0]] : error;
  }
};

test("logits become probabilities, raw scores weights", async () => {
  const scorer = await createImportedScorer(foreign(), described, engine);
  const { probabilities, attention } = await scorer.score(bag);
  const odds = Math.exp(2 - 3);
  expect(probabilities?.[0]).toBeCloseTo(odds / (1 + odds), 6);
  const first = 1 / (1 + Math.exp(2));
  expect(attention?.[0]).toBeCloseTo(first, 6);
  expect((attention?.[0] ?? 0) + (attention?.[1] ?? 0)).toBeCloseTo(1, 6);
  const halves = new Uint16Array(new Float16Array(vectors).buffer);
  const half = await scorer.score({ ...bag, read: memoryRows(3, { vectors: halves }) });
  expect(half.probabilities).toEqual(probabilities);
  await scorer.close();
});

test("probabilities stay what they are, and no attention is none", async () => {
  const three: MilTask = { kind: "CLASSIFICATION", classes: ["a", "b", "c"] };
  const scorer = await createImportedScorer(
    foreign(),
    { ...described, task: three, output: "shares", attentionOutput: null },
    engine,
  );
  const { probabilities, attention } = await scorer.score(bag);
  const raw = [2, 3, 0].map(Math.exp);
  const total = raw.reduce((sum, value) => sum + value, 0);
  raw.forEach((value, i) => {
    expect(probabilities?.[i]).toBeCloseTo(value / total, 6);
  });
  expect(attention).toBeNull();
  await scorer.close();
});

test("our own export comes back as it went", async () => {
  const head = smallHead("GATED_ABMIL", task);
  const parameters = initialParameters(head, 3);
  const rows = Float32Array.from({ length: 9 * DIMS }, (_, i) => Math.sin(i));
  const own = { key: "own", patient: "p", patches: 9, read: memoryRows(DIMS, { vectors: rows }) };
  const [ours, imported] = await Promise.all([
    createScorer(head, parameters, { vectors: "float32", engine }),
    createImportedScorer(
      exportHead(head, parameters).onnx,
      { task, dims: DIMS, featuresInput: "features", output: "probabilities", attentionOutput: "attention" },
      engine,
    ),
  ]);
  const [a, b] = [await ours.score(own), await imported.score(own)];
  a.probabilities?.forEach((value, i) => {
    expect(b.probabilities?.[i]).toBeCloseTo(value, 5);
  });
  a.attention.forEach((value, i) => {
    expect(b.attention?.[i]).toBeCloseTo(value, 5);
  });
  await Promise.all([ours.close(), imported.close()]);
});

describe("a head that cannot be used is refused, and the code says why", () => {
  const fixed = (): Uint8Array => {
    const tape = createTape();
    tape.output(mean(tape, tape.input("x", "float32", [5, 3]), [0]), "logits");
    return encodeOnnx(tape.model("fixed"));
  };
  test.each<[string, () => unknown, [string, string | undefined]]>([
    ["not ONNX", () => inspectHead(Buffer.from("no model"), described), ["MODEL_INCOMPATIBLE", undefined]],
    [
      "another input",
      () => inspectHead(foreign(), { ...described, featuresInput: "y" }),
      ["MODEL_INCOMPATIBLE", "featuresInput"],
    ],
    ["another output", () => inspectHead(foreign(), { ...described, output: "y" }), ["MODEL_INCOMPATIBLE", "output"]],
    [
      "another attention",
      () => inspectHead(foreign(), { ...described, attentionOutput: "y" }),
      ["MODEL_INCOMPATIBLE", "attentionOutput"],
    ],
    ["other vectors", () => inspectHead(foreign(), { ...described, dims: 4 }), ["DIMENSION_MISMATCH", "featureSet"]],
    [
      "fixed patches",
      () => inspectHead(fixed(), { ...described, attentionOutput: null }),
      ["MODEL_INCOMPATIBLE", "featuresInput"],
    ],
    [
      "more classes",
      () => inspectHead(foreign(), { ...described, task: { kind: "CLASSIFICATION", classes: ["a", "b", "c"] } }),
      ["MODEL_INCOMPATIBLE", "output"],
    ],
    [
      "clusters",
      () =>
        inspectHead(exportHead(smallHead("DEEP_ATTN_MISL"), initialParameters(smallHead("DEEP_ATTN_MISL"))).onnx, {
          ...described,
          dims: DIMS,
          featuresInput: "features",
          output: "probabilities",
          attentionOutput: null,
        }),
      ["MODEL_INCOMPATIBLE", "featuresInput"],
    ],
  ])("%s", (_, run, expected) => {
    expect(codeOf(run)).toEqual(expected);
  });
});
