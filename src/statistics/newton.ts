import { HistoError } from "../platform/errors.ts";
import { type Factorisation, factorise, packedLength, solve, unpack } from "./linearAlgebra.ts";
import { type CoxTies, forEachEventTime, linearPredictors, type RiskSets } from "./partialLikelihood.ts";

/** The partial likelihood at one vector of coefficients; `information` packed by rows of the lower triangle. */
export type Evaluation = { logLikelihood: number; score: Float64Array; information: Float64Array };

export type Maximum = {
  coefficients: Float64Array;
  iterations: number;
  atZero: Evaluation;
  atMaximum: Evaluation;
  informationAtZero: Factorisation;
  informationAtMaximum: Factorisation;
};

const ITERATIONS_AT_MOST = 60;
const HALVINGS_AT_MOST = 30;
/** Relative change of the log-likelihood below which it stands still: R's coxph.control(eps). */
const STILL = 1e-9;
/** Largest change of any patient's log hazard by a Newton step that counts as arrived. */
const ARRIVED = 1e-8;
/** Where a coefficient is infinite, every step changes some log hazards by about 1; rounding never by so much. */
const DIVERGING = 1e-2;
/** Share of a covariate's information that the ones before it must leave unexplained. */
const COLLINEAR = 1e-11;

const evaluate = (sets: RiskSets, coefficients: Float64Array, ties: CoxTies): Evaluation => {
  const score = new Float64Array(sets.columns);
  const information = new Float64Array(packedLength(sets.columns));
  let logLikelihood = 0;
  forEachEventTime(sets, coefficients, ties, (at) => {
    logLikelihood += at.logLikelihood;
    for (let a = 0; a < score.length; a += 1) score[a] = (score[a] ?? 0) + (at.score[a] ?? 0);
    for (let e = 0; e < information.length; e += 1) information[e] = (information[e] ?? 0) + (at.information[e] ?? 0);
  });
  return { logLikelihood, score, information };
};

const everyColumn = (columns: number): number[] => [...Array(columns).keys()];

const factorInformation = ({ information, score }: Evaluation): ReturnType<typeof factorise> =>
  factorise(unpack(information, everyColumn(score.length)), score.length, COLLINEAR);

const collinear = (name: string, alone: boolean): HistoError =>
  new HistoError(
    "BAD_ARGUMENT",
    alone
      ? `The covariate "${name}" does not vary among the patients at risk when events happen.`
      : `The covariate "${name}" is a linear combination of the covariates before it.`,
    { fix: "Leave it out of the model.", path: ["terms"] },
  );

const diverging = (name: string): HistoError =>
  new HistoError(
    "BAD_ARGUMENT",
    `The Cox model does not converge: the coefficient of "${name}" grows without bound, as when the covariate separates the patients who had the event from the others.`,
    { fix: `Leave "${name}" out, merge its rare categories, or choose more patients.`, path: ["terms"] },
  );

const largestChange = (sets: RiskSets, step: Float64Array): number =>
  linearPredictors(sets, step).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The column whose part of the step changes the log hazards most. */
const mainColumn = (sets: RiskSets, step: Float64Array): number => {
  let main = 0;
  let most = -1;
  step.forEach((value, column) => {
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = column; i < sets.covariates.length; i += sets.columns) {
      lowest = Math.min(lowest, sets.covariates[i] ?? 0);
      highest = Math.max(highest, sets.covariates[i] ?? 0);
    }
    const change = Math.abs(value) * (highest - lowest);
    if (change > most) [main, most] = [column, change];
  });
  return main;
};

/**
 * Maximises the partial likelihood from coefficients 0 by Newton–Raphson; a step that lowers it is halved towards the
 * last good place (Therneau & Grambsch 2000, §3.1, and coxph of R's survival, whose tolerance of 1e-9 this goes beyond: it ends
 * when the step itself is negligible).
 *
 * @throws BAD_ARGUMENT naming the covariate, when one is constant at risk, collinear, or its coefficient is infinite.
 */
export const maximisePartialLikelihood = (sets: RiskSets, ties: CoxTies, names: readonly string[]): Maximum => {
  let coefficients = new Float64Array(sets.columns);
  const nameAt = (column: number): string => names[column] ?? "";
  const atZero = evaluate(sets, coefficients, ties);
  const start = factorInformation(atZero);
  if ("dependentColumn" in start) {
    const column = start.dependentColumn;
    const diagonal = unpack(atZero.information, [column])[0] ?? 0;
    throw collinear(nameAt(column), !(diagonal > COLLINEAR));
  }

  let current = atZero;
  let factorisation = start.factorisation;
  let step = solve(factorisation, current.score);
  let previousChange = Number.POSITIVE_INFINITY;
  let halvings = 0;
  for (let iteration = 1; iteration <= ITERATIONS_AT_MOST; iteration += 1) {
    const candidate = coefficients.map((value, a) => value + (step[a] ?? 0));
    const next = evaluate(sets, candidate, ties);
    const gain = next.logLikelihood - current.logLikelihood;
    // Rounding alone may lower the sum of many terms at the top.
    if (!(gain >= -1e-12 * Math.abs(current.logLikelihood)) && halvings < HALVINGS_AT_MOST) {
      halvings += 1;
      step = step.map((value) => value / 2);
      continue;
    }
    halvings = 0;
    const factored = factorInformation(next);
    if ("dependentColumn" in factored) break;
    coefficients = candidate;
    current = next;
    factorisation = factored.factorisation;
    step = solve(factorisation, current.score);
    const change = largestChange(sets, step);
    const still = Math.abs(gain) <= STILL * Math.abs(current.logLikelihood);
    const shrinking = change <= previousChange / 2;
    if (still && !shrinking && change > DIVERGING) break;
    if (change <= ARRIVED || (still && !shrinking))
      return {
        coefficients,
        iterations: iteration,
        atZero,
        atMaximum: current,
        informationAtZero: start.factorisation,
        informationAtMaximum: factorisation,
      };
    previousChange = change;
  }
  throw diverging(nameAt(mainColumn(sets, step)));
};
