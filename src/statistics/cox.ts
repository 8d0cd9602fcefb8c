import { HistoError } from "../platform/errors.ts";
import { concordance } from "./concordance.ts";
import { chiSquareUpperTail, normalMultiplier, normalTwoSided } from "./distributions.ts";
import type { ChiSquareTest } from "./hypothesisTest.ts";
import { dot, invert, solve, unpack } from "./linearAlgebra.ts";
import { maximisePartialLikelihood } from "./newton.ts";
import { type CoxTies, linearPredictors } from "./partialLikelihood.ts";
import { type CoxInput, standardisedRiskSets } from "./riskSets.ts";
import { checkSurvivalTimes, requireEvents } from "./survivalTimes.ts";

export type CoxTerm = {
  name: string;
  coefficient: number;
  standardError: number;
  hazardRatio: number;
  /** Limits of the hazard ratio. */
  lower: number;
  upper: number;
  z: number;
  pValue: number;
};

export type CoxFit = {
  terms: CoxTerm[];
  ties: CoxTies;
  patients: number;
  events: number;
  iterations: number;
  /** With all coefficients 0, and at the maximum. */
  logLikelihood: [nullModel: number, fitted: number];
  likelihoodRatio: ChiSquareTest;
  wald: ChiSquareTest;
  score: ChiSquareTest;
  concordance: number;
  concordanceStandardError: number;
  /** Inverse of the observed information, row-major, columns × columns. */
  covariance: Float64Array;
  /** Log hazard ratio of each patient against one whose covariates are all at their mean. */
  linearPredictors: Float64Array;
};

export type CoxOptions = { ties?: CoxTies | undefined; confidence?: number | undefined };

const globalTest = (name: string, statistic: number, degreesOfFreedom: number): ChiSquareTest => ({
  name,
  statistic,
  degreesOfFreedom,
  pValue: chiSquareUpperTail(statistic, degreesOfFreedom),
});

const checkDesign = ({ design, timesDays }: CoxInput): void => {
  const patients = timesDays.length;
  if (design.patients !== patients || design.columns.some((column) => column.length !== patients))
    throw new HistoError(
      "BAD_ARGUMENT",
      `Covariates of ${design.patients} patients do not go with ${patients} times.`,
      {
        fix: "Give one row of covariates for each patient.",
      },
    );
  if (design.columns.length === 0)
    throw new HistoError("BAD_ARGUMENT", "There is no covariate to model.", { fix: "Name at least one covariate." });
  if (patients <= design.columns.length)
    throw new HistoError(
      "TOO_FEW_PATIENTS",
      `${patients} patients are too few for a Cox model with ${design.columns.length} coefficients.`,
      { fix: "Choose more patients or fewer covariates." },
    );
};

/**
 * Cox proportional hazards model, optionally stratified, O(n log n + iterations·n·p²).
 *
 * Coefficients maximise the partial likelihood (Cox 1972) with Efron's (1977) or Breslow's (1974) ties; standard errors
 * come from the inverse observed information; z = β/se and its two-sided normal p; limits exp(β ± z·se).
 * Likelihood ratio 2(l(β) − l(0)), Wald βᵀIβ and score U(0)ᵀI(0)⁻¹U(0) tests on p degrees of freedom (Therneau & Grambsch 2000,
 * §3.4). Concordance of the linear predictor, within strata.
 *
 * @throws BAD_ARGUMENT as `checkSurvivalTimes`, and naming the covariate that is constant, collinear or separating;
 * TOO_FEW_PATIENTS when there are not more patients than coefficients; ALL_CENSORED.
 */
export const coxProportionalHazards = (
  input: CoxInput,
  { ties = "efron", confidence = 0.95 }: CoxOptions = {},
): CoxFit => {
  checkSurvivalTimes(input);
  const multiplier = normalMultiplier(confidence);
  const events = requireEvents(input.events);
  checkDesign(input);
  const { names } = input.design;
  const columns = names.length;
  const { sets, order, scales } = standardisedRiskSets(input);
  const maximum = maximisePartialLikelihood(sets, ties, names);
  const { atZero, atMaximum } = maximum;

  const covariance = invert(maximum.informationAtMaximum).map(
    (value, entry) => value / ((scales[Math.floor(entry / columns)] ?? 1) * (scales[entry % columns] ?? 1)),
  );
  const terms = names.map((name, a): CoxTerm => {
    const coefficient = (maximum.coefficients[a] ?? 0) / (scales[a] ?? 1);
    const standardError = Math.sqrt(covariance[a * columns + a] ?? 0);
    const z = coefficient / standardError;
    return {
      name,
      coefficient,
      standardError,
      hazardRatio: Math.exp(coefficient),
      lower: Math.exp(coefficient - multiplier * standardError),
      upper: Math.exp(coefficient + multiplier * standardError),
      z,
      pValue: normalTwoSided(z),
    };
  });

  const predictors = new Float64Array(sets.patients);
  linearPredictors(sets, maximum.coefficients).forEach((value, place) => {
    predictors[order[place] ?? 0] = value;
  });
  const ordering = concordance({ ...input, scores: predictors });
  const information = unpack(atMaximum.information, [...names.keys()]);
  const product = names.map((_, a) => dot(information.subarray(a * columns, (a + 1) * columns), maximum.coefficients));
  return {
    terms,
    ties,
    patients: sets.patients,
    events,
    iterations: maximum.iterations,
    logLikelihood: [atZero.logLikelihood, atMaximum.logLikelihood],
    likelihoodRatio: globalTest("likelihood ratio", 2 * (atMaximum.logLikelihood - atZero.logLikelihood), columns),
    wald: globalTest("Wald", dot(maximum.coefficients, product), columns),
    score: globalTest("score (log-rank)", dot(atZero.score, solve(maximum.informationAtZero, atZero.score)), columns),
    concordance: ordering.concordance,
    concordanceStandardError: ordering.standardError,
    covariance,
    linearPredictors: predictors,
  };
};
