import type { GraphThread, TensorData } from "../../onnx/graph-thread.ts";
import type { Vectors } from "./batches.ts";
import { outputCount } from "./headParameters.ts";
import { type TargetScale, targetFeeds } from "./targets.ts";
import { ADAM, type TrainingGraph, trainingGraphs } from "./trainingGraphs.ts";
import type { HeadDefinition, LabelledBag, TrainingOptions } from "./types.ts";

/** A thread that has the training graphs of one head open, each from its first use on. */
export type Trainer = { thread: GraphThread; ready(graph: TrainingGraph): Promise<TrainingGraph>; vectors: Vectors };

export const createTrainer = (
  thread: GraphThread,
  head: HeadDefinition,
  vectors: Vectors,
  options: TrainingOptions,
): Trainer => {
  const graphs = trainingGraphs(head, { vectors, optimiser: options.optimiser, hasL1: options.l1 > 0 });
  const opened = new Map<TrainingGraph, Promise<void>>();
  return {
    thread,
    vectors,
    ready: async (graph) => {
      const open = opened.get(graph) ?? thread.open(graph, graphs[graph]());
      opened.set(graph, open);
      await open;
      return graph;
    },
  };
};

const scalar = (value: number): TensorData => ({ type: "float32", dims: [], data: Float32Array.of(value) });
/** What the optimiser reads at its step of that number, from 1. */
export const adamFeeds = (options: TrainingOptions, step: number): Record<string, TensorData> => ({
  decay: scalar(options.optimiser === "ADAM" ? options.weightDecay : 1 - options.learningRate * options.weightDecay),
  stepSize: scalar(options.learningRate / (1 - ADAM.beta1 ** step)),
  secondScale: scalar(1 / Math.sqrt(1 - ADAM.beta2 ** step)),
  ...(options.l1 > 0 && { l1: scalar(options.l1) }),
});

export const only = (outputs: Record<string, TensorData>, name: string): Float32Array =>
  outputs[name]?.data as Float32Array;

/** The loss of some outputs and its derivative by them. */
export const lossAndGradient = async (
  { thread, ready }: Trainer,
  head: HeadDefinition,
  bags: readonly LabelledBag[],
  outputs: Float32Array,
  scale: TargetScale,
): Promise<{ loss: number; gradient: Float32Array }> => {
  const result = await thread.run({
    graph: await ready("loss"),
    feeds: {
      outputs: { type: "float32", dims: [bags.length, outputCount(head.task)], data: outputs.slice() },
      ...targetFeeds(head.task, bags, scale),
    },
    fetch: ["loss", "outputGradient"],
  });
  return { loss: only(result.outputs, "loss")[0] ?? Number.NaN, gradient: only(result.outputs, "outputGradient") };
};
