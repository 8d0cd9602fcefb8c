import { startGraphThread, type TensorData } from "../../onnx/graph-thread.ts";
import { type GraphValue, graphInputs, graphOutputs } from "../../onnx/graph-values.ts";
import { loadOnnx } from "../../onnx/proto.ts";
import { HistoError } from "../../platform/errors.ts";
import { checkBags, checkVectors } from "./batches.ts";
import { outputCount } from "./headParameters.ts";
import { predictionOf } from "./predictions.ts";
import type { BagScore, EngineOptions, MilBag, MilTask } from "./types.ts";

/** How to use a head that was trained elsewhere. */
export type ImportedHead = {
  task: MilTask;
  dims: number;
  /** Input of the vectors: `[patches, dims]` or `[1, patches, dims]`, patches free. */
  featuresInput: string;
  /** Output with the task's numbers: Cox's log risk, logits of hazards, logits or probabilities of classes, or the value. */
  output: string;
  /** Output with one weight or one score for each patch, or several channels of them; null where there is none. */
  attentionOutput: string | null;
};

/** As `BagScore`; null attention where the head gives none. */
export type ImportedScore = Omit<BagScore, "attention"> & { attention: Float32Array | null };

const named = (values: readonly GraphValue[], name: string, kind: "input" | "output", path: string): GraphValue => {
  const value = values.find((each) => each.name === name);
  if (value) return value;
  throw new HistoError("MODEL_INCOMPATIBLE", `The model has no ${kind} named "${name}".`, {
    fix: `It has: ${values.map((each) => each.name).join(", ")}.`,
    path: [path],
  });
};

/**
 * Whether an ONNX file can be used as it is described; gives the rank of its input.
 * @throws MODEL_INCOMPATIBLE (not ONNX, weights in other files, a tensor that is not there, fixed patches, further inputs);
 * DIMENSION_MISMATCH for vectors of another length.
 */
export const inspectHead = (bytes: Uint8Array, { dims, task, ...names }: ImportedHead): { inputRank: 2 | 3 } => {
  const graph = loadOnnx(bytes).graph ?? {};
  const [inputs, outputs] = [graphInputs(graph), graphOutputs(graph)];
  const input = named(inputs, names.featuresInput, "input", "featuresInput");
  const output = named(outputs, names.output, "output", "output");
  if (names.attentionOutput !== null) named(outputs, names.attentionOutput, "output", "attentionOutput");
  const refuse = (message: string, fix: string, path = "featuresInput"): never => {
    throw new HistoError("MODEL_INCOMPATIBLE", message, { fix, path: [path] });
  };
  const others = inputs.filter(({ name }) => name !== input.name).map(({ name }) => name);
  if (others.length > 0)
    refuse(`The model needs more than vectors: ${others.join(", ")}.`, "Export it with the vectors alone.");
  if (input.type !== "float32")
    refuse(`Input "${input.name}" is ${input.type ?? "not a tensor"}.`, "Export it with a float32 input.");
  const shape = input.dims;
  if (shape?.length !== 2 && shape?.length !== 3) {
    return refuse(
      `Input "${input.name}" has ${shape?.length ?? "no stated"} dimensions.`,
      "Export it for [patches, dims].",
    );
  }
  const width = shape.at(-1);
  if (width !== null && width !== dims) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `Input "${input.name}" takes vectors of ${width} numbers, not of ${dims}.`,
      {
        fix: "Choose the feature set that the head was trained on.",
        path: ["featureSet"],
      },
    );
  }
  if (shape.at(-2) !== null) {
    refuse(
      `Input "${input.name}" takes exactly ${shape.at(-2)} patches.`,
      "Export it with a free number of patches (dynamic axes).",
    );
  }
  const last = output.dims?.at(-1) ?? null;
  if (last !== null && output.dims && output.dims.length > 0 && last !== outputCount(task)) {
    refuse(
      `Output "${output.name}" has ${last} numbers instead of ${outputCount(task)}.`,
      "Check the task and its classes.",
      "output",
    );
  }
  return { inputRank: shape.length };
};

const isDistribution = (values: readonly number[]): boolean =>
  values.every((value) => value >= 0) && Math.abs(values.reduce((total, value) => total + value, 0) - 1) < 1e-3;

/** Each channel as weights that sum to 1 (scores by a softmax over the patches), and their mean over the channels. */
const patchWeights = (raw: Float32Array, patches: number): Float32Array => {
  const channels = raw.length / patches;
  if (!Number.isInteger(channels) || channels === 0) {
    throw new HistoError("MODEL_INCOMPATIBLE", `The attention has ${raw.length} numbers for ${patches} patches.`, {
      fix: "Name the output that has one number for each patch.",
      path: ["attentionOutput"],
    });
  }
  const mean = new Float32Array(patches);
  for (let channel = 0; channel < channels; channel++) {
    const own = Array.from(raw.subarray(channel * patches, (channel + 1) * patches));
    const greatest = own.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const weights = isDistribution(own) ? own : own.map((value) => Math.exp(value - greatest));
    const total = weights.reduce((sum, value) => sum + value, 0);
    weights.forEach((weight, patch) => {
      mean[patch] = (mean[patch] ?? 0) + weight / total / channels;
    });
  }
  return mean;
};

const wholeBag = async (bag: MilBag, dims: number): Promise<Float32Array> => {
  const { vectors } = await bag.read(null);
  checkVectors(dims, bag, bag.patches, vectors);
  return vectors instanceof Uint16Array
    ? Float32Array.from(new Float16Array(vectors.buffer as ArrayBuffer, vectors.byteOffset, vectors.length))
    : vectors.slice();
};

/** A head that was trained elsewhere, ready to score whole bags. @throws what `inspectHead` throws. */
export const createImportedScorer = async (
  bytes: Uint8Array,
  imported: ImportedHead,
  engine: EngineOptions,
): Promise<{ score(bag: MilBag): Promise<ImportedScore>; close(): Promise<void> }> => {
  const { inputRank } = inspectHead(bytes, imported);
  const { task, dims, featuresInput, output, attentionOutput } = imported;
  const thread = await startGraphThread(engine);
  try {
    await thread.open("head", bytes);
  } catch (cause) {
    await thread.close();
    throw new HistoError("MODEL_INCOMPATIBLE", "The model cannot be run.", {
      fix: "Export it again with operators that ONNX Runtime has.",
      cause,
    });
  }
  return {
    score: async (bag) => {
      checkBags([bag]);
      const features: TensorData = {
        type: "float32",
        dims: inputRank === 2 ? [bag.patches, dims] : [1, bag.patches, dims],
        data: await wholeBag(bag, dims),
      };
      const fetch = attentionOutput === null ? [output] : [output, attentionOutput];
      const { outputs } = await thread.run({ graph: "head", feeds: { [featuresInput]: features }, fetch });
      const numbers = Array.from(outputs[output]?.data ?? []);
      if (numbers.length !== outputCount(task)) {
        throw new HistoError(
          "MODEL_INCOMPATIBLE",
          `The model gave ${numbers.length} numbers instead of ${outputCount(task)}.`,
          {
            fix: "Check the task and its classes.",
            path: ["output"],
          },
        );
      }
      if (!numbers.every(Number.isFinite)) {
        throw new HistoError("NOT_FINITE", `The model gave no finite numbers for ${bag.key}.`);
      }
      const prediction = predictionOf(task, bag, numbers);
      return {
        ...prediction,
        probabilities: prediction.probabilities && isDistribution(numbers) ? numbers : prediction.probabilities,
        attention:
          attentionOutput === null ? null : patchWeights(outputs[attentionOutput]?.data as Float32Array, bag.patches),
        clusterAttention: null,
      };
    },
    close: () => thread.close(),
  };
};
