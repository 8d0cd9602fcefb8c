export { type Concordance, type ConcordanceInput, concordance } from "./concordance.ts";
export {
  type ChiSquareIndependence,
  type ContingencyTable,
  chiSquareIndependence,
  crossTabulate,
} from "./contingency.ts";
export { type CoxFit, type CoxOptions, type CoxTerm, coxProportionalHazards } from "./cox.ts";
export { type CovariateTerm, completePatients, type DesignMatrix, designMatrix } from "./designMatrix.ts";
export { type FisherExact, fisherExact } from "./fisherExact.ts";
export type { ChiSquareTest, HypothesisTest } from "./hypothesisTest.ts";
export {
  type KaplanMeierCurve,
  type KaplanMeierOptions,
  kaplanMeier,
  type LimitScale,
  numbersAtRisk,
  type SurvivalPoint,
  type SurvivalTimeEstimate,
} from "./kaplanMeier.ts";
export { type LogRankInput, type LogRankResult, logRank } from "./logRank.ts";
export { benjaminiHochberg } from "./multipleTesting.ts";
export type { CoxTies } from "./partialLikelihood.ts";
export { proportionalityTests } from "./proportionality.ts";
export { cutGroups, quantileGroups, quantileOfSorted, type ValueGroups } from "./quantileGroups.ts";
export { kruskalWallis, mannWhitneyU, midranks } from "./ranks.ts";
export type { CoxInput } from "./riskSets.ts";
export type { Strata, SurvivalTimes } from "./survivalTimes.ts";
export { compareCategories, compareNumbers } from "./tableOne.ts";
export { welchT } from "./welch.ts";
