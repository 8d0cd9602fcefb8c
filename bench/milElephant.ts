import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import {
  DEFAULT_TRAINING,
  type HeadDefinition,
  headWithDefaults,
  type LabelledBag,
  memoryRows,
  type TrainingOptions,
  trainMil,
} from "../src/learning/mil/index.ts";

/** Elephant (Andrews, Tsochantaridis & Hofmann 2002): 200 bags of image segments, 100 of them positive. */
export const ELEPHANT = new URL("../../shared/data/mil/elephant.csv", import.meta.url);

export const readElephant = async (): Promise<{ bags: LabelledBag[]; dims: number }> => {
  const rows = (await readFile(ELEPHANT, "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  const dims = (rows[0]?.length ?? 2) - 2;
  const groups = Map.groupBy(rows, ([, bag]) => bag ?? 0);
  const bags = [...groups].map(([key, own]): LabelledBag => {
    const vectors = Float32Array.from(own.flatMap((row) => row.slice(2)));
    return {
      key: `${key}`,
      patient: `${key}`,
      patches: own.length,
      target: { label: own[0]?.[0] === 1 ? "elephant" : "other" },
      read: memoryRows(dims, { vectors }),
    };
  });
  return { bags, dims };
};

/** One setting, fixed before the first run; nothing is chosen on test folds, and there is no early stopping. */
export const elephantSetting = (dims: number): { head: HeadDefinition; options: TrainingOptions } => ({
  head: headWithDefaults({
    architecture: "GATED_ABMIL",
    task: { kind: "CLASSIFICATION", classes: ["other", "elephant"] },
    dims,
    hidden: 128,
    attentionHidden: 64,
    dropout: 0.5,
  }),
  options: {
    ...DEFAULT_TRAINING,
    epochs: 40,
    patience: null,
    learningRate: 5e-4,
    weightDecay: 5e-3,
    patientsPerStep: 8,
  },
});

export type ElephantRun = {
  accuracy: number;
  /** Bag keys of each test fold. */
  folds: string[][];
  seconds: number;
};

/** Mean accuracy over `repeats` × 10 folds. */
export const runElephant = async (repeats: number): Promise<ElephantRun> => {
  const { bags, dims } = await readElephant();
  const { head, options } = elephantSetting(dims);
  const began = performance.now();
  const { folds } = await trainMil({
    head,
    bags,
    splits: { kind: "FOLDS", count: 10, repeats },
    options,
    engine: { provider: "cpu", threads: availableParallelism() },
  });
  const labels = new Map(bags.map(({ key, target }) => [key, "label" in target ? target.label : ""]));
  const accuracies = folds.map(({ predictions }) => {
    const right = predictions.filter(
      ({ key, probabilities }) => ((probabilities?.[1] ?? 0) > 0.5 ? "elephant" : "other") === labels.get(key),
    );
    return right.length / predictions.length;
  });
  return {
    accuracy: accuracies.reduce((total, each) => total + each, 0) / accuracies.length,
    folds: folds.map(({ testPatients }) => testPatients),
    seconds: (performance.now() - began) / 1000,
  };
};
