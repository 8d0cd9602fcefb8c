import { packedIndex, packedLength } from "./linearAlgebra.ts";

/** How events at the same time share their risk set. */
export type CoxTies = "efron" | "breslow";

/** Patients by stratum, then by ascending time; covariates row-major in that order. */
export type RiskSets = {
  patients: number;
  columns: number;
  covariates: Float64Array;
  events: Uint8Array;
  /** Index of the patient's time among the distinct times. */
  timeIndex: Uint32Array;
  stratum: Uint32Array;
};

/** What the events at one time in one stratum add to the partial likelihood. The arrays are reused at the next time. */
export type EventTime = {
  timeIndex: number;
  events: number;
  logLikelihood: number;
  /** First derivative by each coefficient: the sum of the Schoenfeld residuals of these events. */
  score: Float64Array;
  /** Negative second derivative, packed by rows of the lower triangle. */
  information: Float64Array;
};

/** Σw, Σw·x and Σw·x·xᵀ of a set of patients with w = exp(x·β). */
type Moments = { weight: number; first: Float64Array; second: Float64Array };

const noMoments = (columns: number): Moments => ({
  weight: 0,
  first: new Float64Array(columns),
  second: new Float64Array(packedLength(columns)),
});

const clear = (moments: Moments): void => {
  moments.weight = 0;
  moments.first.fill(0);
  moments.second.fill(0);
};

const add = (moments: Moments, weight: number, covariates: Float64Array, offset: number): void => {
  const { first, second } = moments;
  moments.weight += weight;
  let entry = 0;
  for (let a = 0; a < first.length; a += 1) {
    const weighted = weight * (covariates[offset + a] ?? 0);
    first[a] = (first[a] ?? 0) + weighted;
    for (let b = 0; b <= a; b += 1) {
      second[entry] = (second[entry] ?? 0) + weighted * (covariates[offset + b] ?? 0);
      entry += 1;
    }
  }
};

/** x·β of each patient, in the order of the risk sets. */
export const linearPredictors = (sets: RiskSets, coefficients: Float64Array): Float64Array => {
  const predictors = new Float64Array(sets.patients);
  for (let i = 0; i < sets.patients; i += 1) {
    let sum = 0;
    for (let a = 0; a < sets.columns; a += 1)
      sum += (sets.covariates[i * sets.columns + a] ?? 0) * (coefficients[a] ?? 0);
    predictors[i] = sum;
  }
  return predictors;
};

/** Takes the events at one time from the risk set, all at once (Breslow) or as one leaves after the other (Efron). */
const addRiskSet = (at: EventTime, risk: Moments, died: Moments, ties: CoxTies): void => {
  const columns = risk.first.length;
  const mean = new Float64Array(columns);
  const steps = ties === "efron" ? at.events : 1;
  const perStep = at.events / steps;
  for (let step = 0; step < steps; step += 1) {
    const gone = step / at.events;
    const weight = risk.weight - gone * died.weight;
    at.logLikelihood -= perStep * Math.log(weight);
    for (let a = 0; a < columns; a += 1) {
      mean[a] = ((risk.first[a] ?? 0) - gone * (died.first[a] ?? 0)) / weight;
      at.score[a] = (at.score[a] ?? 0) - perStep * (mean[a] ?? 0);
      for (let b = 0; b <= a; b += 1) {
        const entry = packedIndex(a, b);
        const second = ((risk.second[entry] ?? 0) - gone * (died.second[entry] ?? 0)) / weight;
        at.information[entry] = (at.information[entry] ?? 0) + perStep * (second - (mean[a] ?? 0) * (mean[b] ?? 0));
      }
    }
  }
};

/**
 * Visits every event time of the partial likelihood (Cox 1972) at the given coefficients, O(n·p²), latest first within
 * a stratum, so that each patient enters the risk sets once.
 * Ties: Breslow 1974 or Efron 1977, as written in Therneau & Grambsch 2000, §3.3.
 */
export const forEachEventTime = (
  sets: RiskSets,
  coefficients: Float64Array,
  ties: CoxTies,
  visit: (at: EventTime) => void,
): void => {
  const { columns, covariates, events, timeIndex, stratum } = sets;
  const predictors = linearPredictors(sets, coefficients);
  // A common factor of all weights cancels; taking the largest one out keeps exp() from overflowing.
  const largest = predictors.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const risk = noMoments(columns);
  const died = noMoments(columns);
  const at: EventTime = {
    timeIndex: 0,
    events: 0,
    logLikelihood: 0,
    score: new Float64Array(columns),
    information: new Float64Array(packedLength(columns)),
  };
  for (let end = sets.patients - 1; end >= 0; ) {
    if (end === sets.patients - 1 || stratum[end] !== stratum[end + 1]) clear(risk);
    at.timeIndex = timeIndex[end] ?? 0;
    at.events = 0;
    let i = end;
    for (; i >= 0 && timeIndex[i] === timeIndex[end] && stratum[i] === stratum[end]; i -= 1) {
      const predictor = (predictors[i] ?? 0) - largest;
      const weight = Math.exp(predictor);
      add(risk, weight, covariates, i * columns);
      if (!events[i]) continue;
      if (at.events === 0) {
        clear(died);
        at.score.fill(0);
        at.information.fill(0);
        at.logLikelihood = 0;
      }
      at.events += 1;
      at.logLikelihood += predictor;
      if (ties === "efron") add(died, weight, covariates, i * columns);
      for (let a = 0; a < columns; a += 1) at.score[a] = (at.score[a] ?? 0) + (covariates[i * columns + a] ?? 0);
    }
    end = i;
    if (at.events === 0) continue;
    addRiskSet(at, risk, died, ties);
    visit(at);
  }
};
