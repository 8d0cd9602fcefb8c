import { HistoError } from "../platform/errors.ts";

/** Class of each patient (0, 1, …) and its predicted probabilities `[patients][classes]`. */
export type ClassPredictions = {
  readonly labels: ArrayLike<number>;
  readonly probabilities: readonly ArrayLike<number>[];
  readonly classes: number;
};

export type ReliabilityBin = {
  from: number;
  to: number;
  patients: number;
  /** Mean probability of the predicted class, and the share of patients in whom it was right; null for an empty bin. */
  confidence: number | null;
  accuracy: number | null;
};

export type ClassificationMetrics = {
  accuracy: number;
  /** Mean over the classes that occur of the share that was recognised. */
  balancedAccuracy: number;
  /** Mean over classes of the area under the curve of that class against all others; null where a class does not occur. */
  macroAuc: number | null;
  /** By true class, patients by predicted class. */
  confusion: number[][];
  /** Mean distance of confidence and accuracy over the bins, by their patients (Naeini, Cooper & Hauskrecht 2015). */
  expectedCalibrationError: number;
  reliability: ReliabilityBin[];
};

const predictedClass = (probabilities: ArrayLike<number>): number => {
  let best = 0;
  for (let i = 1; i < probabilities.length; i += 1) if ((probabilities[i] ?? 0) > (probabilities[best] ?? 0)) best = i;
  return best;
};

/** Share of pairs of a positive and a negative in which the positive scores higher, ties half (Mann & Whitney 1947). */
export const areaUnderCurve = (scores: ArrayLike<number>, isPositive: ArrayLike<boolean>): number | null => {
  const order = Array.from(scores, (_, index) => index).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let negatives = 0;
  let positives = 0;
  let won = 0;
  for (let begin = 0; begin < order.length; ) {
    const score = scores[order[begin] ?? 0];
    let end = begin;
    let here = 0;
    for (; end < order.length && scores[order[end] ?? 0] === score; end += 1)
      if (isPositive[order[end] ?? 0]) here += 1;
    const others = end - begin - here;
    won += here * (negatives + others / 2);
    negatives += others;
    positives += here;
    begin = end;
  }
  return positives > 0 && negatives > 0 ? won / (positives * negatives) : null;
};

/** @throws BAD_ARGUMENT for unequal lengths; TOO_FEW_PATIENTS without patients. */
export const classificationMetrics = (
  { labels, probabilities, classes }: ClassPredictions,
  { bins = 10 }: { bins?: number } = {},
): ClassificationMetrics => {
  const patients = labels.length;
  if (probabilities.length !== patients || probabilities.some(({ length }) => length !== classes)) {
    throw new HistoError("BAD_ARGUMENT", "Give every patient one label and one probability for each class.");
  }
  if (patients === 0) throw new HistoError("TOO_FEW_PATIENTS", "There is no prediction to judge.");
  const each = Array.from({ length: classes }, (_, index) => index);
  const confusion = each.map(() => each.map(() => 0));
  const filled = Array.from({ length: bins }, () => ({ patients: 0, confidence: 0, right: 0 }));
  let right = 0;
  probabilities.forEach((own, patient) => {
    const truth = labels[patient] ?? 0;
    const predicted = predictedClass(own);
    const row = confusion[truth];
    if (!row) throw new HistoError("BAD_ARGUMENT", `There is no class ${truth}.`);
    row[predicted] = (row[predicted] ?? 0) + 1;
    if (predicted === truth) right += 1;
    const confidence = own[predicted] ?? 0;
    // A bin holds its upper edge: (0, 0.1], (0.1, 0.2] …
    const bin = filled[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))];
    if (!bin) return;
    bin.patients += 1;
    bin.confidence += confidence;
    if (predicted === truth) bin.right += 1;
  });
  const recalls = confusion.flatMap((row, index) => {
    const all = row.reduce((total, count) => total + count, 0);
    return all > 0 ? [(row[index] ?? 0) / all] : [];
  });
  const areas = each.map((index) =>
    areaUnderCurve(
      probabilities.map((own) => own[index] ?? 0),
      Array.from(labels, (label) => label === index),
    ),
  );
  const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;
  return {
    accuracy: right / patients,
    balancedAccuracy: mean(recalls),
    macroAuc: areas.every((area) => area !== null) ? mean(areas) : null,
    confusion,
    expectedCalibrationError: filled.reduce((total, bin) => total + Math.abs(bin.confidence - bin.right) / patients, 0),
    reliability: filled.map((bin, index) => ({
      from: index / bins,
      to: (index + 1) / bins,
      patients: bin.patients,
      confidence: bin.patients > 0 ? bin.confidence / bin.patients : null,
      accuracy: bin.patients > 0 ? bin.right / bin.patients : null,
    })),
  };
};

export type RegressionMetrics = {
  meanAbsoluteError: number;
  rootMeanSquaredError: number;
  /** 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; null where all values are equal. */
  determination: number | null;
};

export const regressionMetrics = (values: ArrayLike<number>, predicted: ArrayLike<number>): RegressionMetrics => {
  const patients = values.length;
  if (patients === 0 || predicted.length !== patients) {
    throw new HistoError("BAD_ARGUMENT", `${predicted.length} predictions do not go with ${patients} values.`);
  }
  let absolute = 0;
  let squared = 0;
  let total = 0;
  for (let i = 0; i < patients; i += 1) {
    const error = (values[i] ?? 0) - (predicted[i] ?? 0);
    absolute += Math.abs(error);
    squared += error ** 2;
    total += values[i] ?? 0;
  }
  let spread = 0;
  for (let i = 0; i < patients; i += 1) spread += ((values[i] ?? 0) - total / patients) ** 2;
  return {
    meanAbsoluteError: absolute / patients,
    rootMeanSquaredError: Math.sqrt(squared / patients),
    determination: spread > 0 ? 1 - squared / spread : null,
  };
};
