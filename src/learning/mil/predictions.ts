import { outputCount } from "./headParameters.ts";
import type { MilBag, MilTask, Prediction } from "./types.ts";

const softmaxOf = (scores: readonly number[]): number[] => {
  const greatest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - greatest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
};

/** What a head's numbers of one bag say, in the terms of its task. */
export const predictionOf = (
  task: MilTask,
  { key, patient }: Pick<MilBag, "key" | "patient">,
  outputs: readonly number[],
): Prediction => {
  const nothing = { key, patient, risk: null, survival: null, probabilities: null, value: null };
  const [first = Number.NaN] = outputs;
  if (task.kind === "CLASSIFICATION") return { ...nothing, probabilities: softmaxOf(outputs) };
  if (task.kind === "REGRESSION") return { ...nothing, value: first };
  if (task.likelihood === "COX") return { ...nothing, risk: first };
  let alive = 1;
  const survival = outputs.map((score) => {
    alive *= 1 / (1 + Math.exp(score));
    return alive;
  });
  return { ...nothing, survival, risk: -survival.reduce((sum, value) => sum + value, 0) };
};

/** Predictions of several bags from `[bags, outputs]`. */
export const predictionsOf = (
  task: MilTask,
  bags: readonly Pick<MilBag, "key" | "patient">[],
  outputs: ArrayLike<number>,
): Prediction[] => {
  const columns = outputCount(task);
  return bags.map((bag, index) =>
    predictionOf(
      task,
      bag,
      Array.from({ length: columns }, (_, column) => outputs[index * columns + column] ?? Number.NaN),
    ),
  );
};
