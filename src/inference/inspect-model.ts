import { createHash } from "node:crypto";
import { type GraphValue, graphInputs, graphOutputs } from "../onnx/graph-values.ts";
import { loadOnnx, type OnnxModel, opsetVersion } from "../onnx/proto.ts";
import { HistoError } from "../platform/errors.ts";
import type { EncoderCard } from "./encoder-card.ts";

export type ModelInspection = { opset: number; inputs: GraphValue[]; outputs: GraphValue[] };

/** The lowest operator set whose Cast, Gather, Slice and pooling the added nodes can use. */
const LOWEST_OPSET = 10;

/**
 * Inputs, outputs and dimensions of an ONNX file, without running it. With a card it also checks that the two agree.
 * Decoding is synchronous: for models beyond some tens of megabytes use it in a worker, as `createEncoderSession` does.
 *
 * Throws MODEL_INCOMPATIBLE (not ONNX, external weights, missing tensor, unusable shape) or DIMENSION_MISMATCH.
 */
export const inspectModel = (bytes: Uint8Array, card?: EncoderCard): ModelInspection => {
  return inspectDecoded(loadOnnx(bytes), card);
};

/** `inspectModel` for a model that is decoded already. */
export const inspectDecoded = (model: OnnxModel, card?: EncoderCard): ModelInspection => {
  const inspection = {
    opset: opsetVersion(model),
    inputs: graphInputs(model.graph ?? {}),
    outputs: graphOutputs(model.graph ?? {}),
  };
  if (card) checkAgainstCard(inspection, card);
  return inspection;
};

/**
 * Throws MODEL_INCOMPATIBLE when the file is not the one whose SHA-256 the card gives; a card without a digest fits any.
 */
export const checkDigest = (bytes: Uint8Array, card: EncoderCard): void => {
  if (card.digest === undefined) return;
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== card.digest) {
    throw new HistoError(
      "MODEL_INCOMPATIBLE",
      `The ONNX file of encoder "${card.key}" is not the one its card names: its SHA-256 begins with ${digest.slice(0, 12)}, the card's with ${card.digest.slice(0, 12)}.`,
      { fix: "Give the file that the card was written for, or correct its digest.", path: ["card", "digest"] },
    );
  }
};

const checkAgainstCard = ({ opset, inputs, outputs }: ModelInspection, card: EncoderCard): void => {
  if (opset < LOWEST_OPSET) {
    throw new HistoError(
      "MODEL_INCOMPATIBLE",
      `The model uses ONNX operator set ${opset}; ${LOWEST_OPSET} is the lowest.`,
      {
        fix: "Export it again with a newer operator set, such as opset_version=18.",
        path: ["model"],
      },
    );
  }
  const input = named(inputs, card.input, "input");
  named(outputs, card.output, "output");
  const others = inputs.filter(({ name }) => name !== card.input).map(({ name }) => name);
  if (others.length > 0) {
    throw new HistoError("MODEL_INCOMPATIBLE", `The model needs more than an image: ${others.join(", ")}.`, {
      fix: "Export it with the image as its only input.",
      path: ["model"],
    });
  }
  checkInput(input, card);
  checkOutput(named(outputs, card.output, "output"), card);
};

const named = (values: readonly GraphValue[], name: string, kind: "input" | "output"): GraphValue => {
  const value = values.find((each) => each.name === name);
  if (!value) {
    throw new HistoError("MODEL_INCOMPATIBLE", `The model has no ${kind} named "${name}".`, {
      fix: `Set card.${kind} to one that it has: ${values.map((each) => each.name).join(", ")}.`,
      path: ["card", kind],
    });
  }
  return value;
};

const shown = (dims: GraphValue["dims"]): string =>
  dims ? `[${dims.map((dim) => dim ?? "free").join(", ")}]` : "unknown";

const checkInput = (input: GraphValue, card: EncoderCard): void => {
  if (input.type !== "float32" && input.type !== "float16") {
    throw new HistoError(
      "MODEL_INCOMPATIBLE",
      `The model's input "${input.name}" is ${input.type ?? "not a tensor"}.`,
      {
        fix: "Export it with a float32 or float16 image input.",
        path: ["card", "input"],
      },
    );
  }
  if (!input.dims) return;
  const side = card.inputPixels;
  const expected = card.layout === "NCHW" ? [null, 3, side, side] : [null, side, side, 3];
  const fits =
    input.dims.length === 4 && expected.every((dim, axis) => dim === null || (input.dims?.[axis] ?? dim) === dim);
  if (!fits) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `The model's input "${input.name}" is ${shown(input.dims)}; the card says ${card.layout} of ${side} pixels, ${shown(expected)}.`,
      { fix: "Correct inputPixels or layout in the card.", path: ["card", "inputPixels"] },
    );
  }
  if (input.dims[0] !== null) {
    throw new HistoError("MODEL_INCOMPATIBLE", `The model takes exactly ${input.dims[0]} image(s) at a time.`, {
      fix: "Export it with a dynamic batch axis.",
      path: ["model"],
    });
  }
};

const RANK = { none: 2, mean: 4, "cls-token": 3, "mean-token": 3 } as const;

const checkOutput = (output: GraphValue, card: EncoderCard): void => {
  if (output.type !== "float32" && output.type !== "float16") {
    throw new HistoError(
      "MODEL_INCOMPATIBLE",
      `The model's output "${output.name}" is ${output.type ?? "not a tensor"}.`,
      {
        fix: "Name a float32 or float16 output in the card.",
        path: ["card", "output"],
      },
    );
  }
  if (!output.dims) return;
  if (output.dims.length !== RANK[card.pooling]) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `The model's output "${output.name}" is ${shown(output.dims)}; pooling "${card.pooling}" needs ${RANK[card.pooling]} axes.`,
      { fix: 'Correct "pooling" in the card, or name another output.', path: ["card", "pooling"] },
    );
  }
  const axis = card.pooling === "mean" && card.layout === "NCHW" ? 1 : output.dims.length - 1;
  const dims = output.dims[axis] ?? null;
  if (dims !== null && dims !== card.dims) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `The model's output "${output.name}" has ${dims} values a patch; the card says ${card.dims}.`,
      { fix: `Set dims to ${dims} in the card, or name another output.`, path: ["card", "dims"] },
    );
  }
};
