import type { Random } from "../random.ts";
import { memoryRows } from "./batches.ts";
import { headWithDefaults } from "./headParameters.ts";
import { randomStream } from "./randomStream.ts";
import { DEFAULT_TRAINING } from "./trainMil.ts";
import type { HeadDefinition, LabelledBag, MilArchitecture, MilTarget, MilTask, TrainingOptions } from "./types.ts";

export const DIMS = 6;
export const CLUSTERS = 3;

/** Bags in which some patches carry the signal `burden` (0 … 1) in their first number; the rest is noise. */
export const syntheticBags = (
  count: number,
  target: (burden: number, random: Random) => MilTarget,
  seed = 1,
): LabelledBag[] =>
  Array.from({ length: count }, (_, index) => {
    const random = randomStream("bags", seed, index);
    const patches = index === 0 ? 1 : 3 + random.below(12);
    const burden = index % 2 === 0 ? 0.9 : 0.1;
    const marked = Math.max(1, Math.round(patches / 4));
    const vectors = Float32Array.from({ length: patches * DIMS }, () => random.next() - 0.5);
    for (let row = 0; row < marked; row++) vectors[row * DIMS] = 3 * burden;
    const clusters = Array.from({ length: patches }, (_, row) => (row < marked ? 0 : 1));
    const coordinatesMillimetres = Float32Array.from({ length: 2 * patches }, () => 4 * random.next() - 2);
    return {
      key: `bag ${index}`,
      patient: `patient ${index}`,
      group: `site ${index % 5}`,
      patches,
      target: target(burden, random),
      read: memoryRows(DIMS, { vectors, clusters, coordinatesMillimetres }),
    };
  });

export const CLASSES: MilTask = { kind: "CLASSIFICATION", classes: ["low", "high"] };
export const labelled = (count: number): LabelledBag[] =>
  syntheticBags(count, (burden) => ({ label: burden > 0.5 ? "high" : "low" }));
export const surviving = (count: number): LabelledBag[] =>
  syntheticBags(count, (burden, random) => ({
    timeDays: Math.round((burden > 0.5 ? 100 : 1000) * (0.5 + random.next())),
    event: random.next() < 0.7,
  }));

export const smallHead = (
  architecture: MilArchitecture,
  task: MilTask = CLASSES,
  more: Partial<HeadDefinition> = {},
): HeadDefinition =>
  headWithDefaults({
    architecture,
    task,
    dims: DIMS,
    hidden: 8,
    attentionHidden: 4,
    latents: 3,
    clusters: CLUSTERS,
    dropout: 0.1,
    ...more,
  });

export const quick: TrainingOptions = {
  ...DEFAULT_TRAINING,
  epochs: 12,
  patience: 5,
  learningRate: 0.03,
  weightDecay: 0,
  patientsPerStep: 8,
};
export const engine = { provider: "cpu", threads: 1 } as const;
