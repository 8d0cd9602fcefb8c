import type { TensorData } from "../../onnx/graph-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { outputCount } from "./headParameters.ts";
import type { LabelledBag, MilTarget, MilTask } from "./types.ts";

const wrongTarget = (key: string, wanted: string): HistoError =>
  new HistoError("BAD_ARGUMENT", `${key} has no ${wanted}.`, {
    fix: "Leave it out of the training, or give it its target.",
    path: ["bags", key],
  });

export const survivalOf = (bag: Pick<LabelledBag, "key" | "target">): { timeDays: number; event: boolean } => {
  if (!("timeDays" in bag.target) || !(bag.target.timeDays >= 0 && bag.target.timeDays < Number.POSITIVE_INFINITY)) {
    throw wrongTarget(bag.key, "survival time");
  }
  return bag.target;
};

export const labelOf = (bag: Pick<LabelledBag, "key" | "target">, classes: readonly string[]): number => {
  const label = "label" in bag.target ? classes.indexOf(bag.target.label) : -1;
  if (label < 0) throw wrongTarget(bag.key, `label among ${classes.join(", ")}`);
  return label;
};

export const numberOf = (bag: Pick<LabelledBag, "key" | "target">): number => {
  if (!("value" in bag.target) || !Number.isFinite(bag.target.value)) throw wrongTarget(bag.key, "finite number");
  return bag.target.value;
};

/** What targets are measured by; made from the bags that train, so that nothing of the others is known. */
export type TargetScale = {
  /** Weight of each class: bags / (classes · bags of the class). */
  classWeights: number[];
  /** Regression is learnt on (value − mean) / deviation. */
  mean: number;
  deviation: number;
};

export const targetScale = (task: MilTask, bags: readonly LabelledBag[], useClassWeights: boolean): TargetScale => {
  if (task.kind === "CLASSIFICATION") {
    const counts = task.classes.map(() => 0);
    for (const bag of bags) counts[labelOf(bag, task.classes)] = (counts[labelOf(bag, task.classes)] ?? 0) + 1;
    const weights = counts.map((count) => (useClassWeights && count > 0 ? bags.length / (counts.length * count) : 1));
    return { classWeights: weights, mean: 0, deviation: 1 };
  }
  if (task.kind === "REGRESSION") {
    const values = bags.map(numberOf);
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
    return { classWeights: [], mean, deviation: variance > 0 ? Math.sqrt(variance) : 1 };
  }
  return { classWeights: [], mean: 0, deviation: 1 };
};

/** Interval of a time: (0, cut₁], (cut₁, cut₂] …, (last cut, ∞). */
const intervalOf = (timeDays: number, cutsDays: readonly number[]): number =>
  cutsDays.filter((cut) => timeDays > cut).length;

/** Targets as the loss reads them (`targetShapes`). */
export const targetFeeds = (
  task: MilTask,
  bags: readonly LabelledBag[],
  scale: TargetScale,
): Record<string, TensorData> => {
  const floats = (values: number[], ...columns: number[]): TensorData => ({
    type: "float32",
    dims: [bags.length, ...columns],
    data: Float32Array.from(values),
  });
  switch (task.kind) {
    case "REGRESSION":
      return { value: floats(bags.map((bag) => (numberOf(bag) - scale.mean) / scale.deviation)) };
    case "CLASSIFICATION": {
      const labels = bags.map((bag) => labelOf(bag, task.classes));
      return {
        label: floats(
          labels.flatMap((label) => task.classes.map((_, index) => (index === label ? 1 : 0))),
          task.classes.length,
        ),
        weight: floats(labels.map((label) => scale.classWeights[label] ?? 1)),
      };
    }
    case "SURVIVAL": {
      const survival = bags.map(survivalOf);
      if (task.likelihood === "COX") {
        return {
          time: floats(survival.map(({ timeDays }) => timeDays)),
          event: floats(survival.map(({ event }) => (event ? 1 : 0))),
        };
      }
      const count = outputCount(task);
      const rows = survival.map(({ timeDays, event }) => ({ interval: intervalOf(timeDays, task.cutsDays), event }));
      const matrix = (holds: (row: { interval: number; event: boolean }, index: number) => boolean): TensorData =>
        floats(
          rows.flatMap((row) => Array.from({ length: count }, (_, index) => (holds(row, index) ? 1 : 0))),
          count,
        );
      return {
        died: matrix((row, index) => row.event && index === row.interval),
        lived: matrix((row, index) => index < row.interval),
      };
    }
  }
};

/** The stratum of a patient, for folds: its labels, or event and quarter of time, or quarter of value. */
export const strataOf = (task: MilTask, targets: ReadonlyMap<string, readonly MilTarget[]>): Map<string, string> => {
  const quarters = (values: readonly [string, number][]): Map<string, number> => {
    const sorted = [...values].sort(([a, left], [b, right]) => left - right || (a < b ? -1 : 1));
    return new Map(sorted.map(([patient], rank) => [patient, Math.floor((4 * rank) / sorted.length)]));
  };
  const patients = [...targets];
  if (task.kind === "CLASSIFICATION") {
    const labels = (own: readonly MilTarget[]): string[] =>
      own.flatMap((each) => ("label" in each ? [each.label] : []));
    return new Map(patients.map(([patient, own]) => [patient, [...new Set(labels(own))].sort().join("+")]));
  }
  if (task.kind === "REGRESSION") {
    const values = patients.map(([patient, own]): [string, number] => {
      const all = own.flatMap((each) => ("value" in each ? [each.value] : []));
      return [patient, all.reduce((total, value) => total + value, 0) / Math.max(1, all.length)];
    });
    return new Map([...quarters(values)].map(([patient, quarter]) => [patient, `${quarter}`]));
  }
  const groups = [true, false].map((wanted) =>
    patients.flatMap(([patient, own]): [string, number][] => {
      const first = own.find((each) => "timeDays" in each);
      return first && "timeDays" in first && first.event === wanted ? [[patient, first.timeDays]] : [];
    }),
  );
  // Events come first, so that small parts get one before they get a censored patient.
  return new Map(
    groups.flatMap((group, index) =>
      [...quarters(group)].map(([patient, quarter]): [string, string] => [patient, `${index}:${quarter}`]),
    ),
  );
};
