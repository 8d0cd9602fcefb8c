import { DEFAULT_OPSET } from "../../onnx/graph-builder.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { checkHead, parameterCount, usesClusters, usesCoordinates } from "./headParameters.ts";
import { predictionOutputs, wholeBagGraph } from "./scoringGraphs.ts";
import type { HeadCard, HeadDefinition } from "./types.ts";

const MEANINGS: Record<string, string> = {
  probabilities: "probability of each class, in the order of head.task.classes",
  risk: "the higher, the sooner the event is expected",
  survival: "probability to survive each of the intervals that head.task.cutsDays part",
  value: "the predicted value",
};

/**
 * A finished head as one ONNX file, which any ONNX Runtime runs on one whole bag, and a card that says how.
 * @throws BAD_ARGUMENT, MODEL_INCOMPATIBLE for parameters of another head.
 */
export const exportHead = (head: HeadDefinition, parameters: Float32Array): { onnx: Uint8Array; card: HeadCard } => {
  checkHead(head);
  if (parameters.length !== parameterCount(head)) {
    throw new HistoError(
      "MODEL_INCOMPATIBLE",
      `The head has ${parameterCount(head)} parameters, not ${parameters.length}.`,
    );
  }
  const onnx = wholeBagGraph(head, parameters);
  const card: HeadCard = {
    format: "histoql-mil-head",
    version: 1,
    head,
    digest: digestOf(onnx),
    opset: DEFAULT_OPSET,
    inputs: [
      { name: "features", type: "float32", dims: ["patches", head.dims], meaning: "one vector a patch, the whole bag" },
      ...(usesCoordinates(head)
        ? [
            {
              name: "coordinates",
              type: "float32",
              dims: ["patches", 2],
              meaning: "x and y in millimetres from the centre of the slide's patches",
            },
          ]
        : []),
      ...(usesClusters(head)
        ? [{ name: "cluster", type: "int32", dims: ["patches"], meaning: "cluster of each patch, from 0" }]
        : []),
    ],
    outputs: [
      ...Object.entries(predictionOutputs(head.task)).map(([name, size]) => ({
        name,
        type: "float32",
        dims: [size],
        meaning: MEANINGS[name] ?? name,
      })),
      { name: "attention", type: "float32", dims: ["patches"], meaning: "weight of each patch; they sum to 1" },
      ...(usesClusters(head)
        ? [
            {
              name: "clusterAttention",
              type: "float32",
              dims: [head.clusters],
              meaning: "weight of each cluster; 0 for an absent one",
            },
          ]
        : []),
    ],
  };
  return { onnx, card };
};
