export { type BootstrapLimits, type BootstrapOptions, bootstrapLimits } from "./bootstrap.ts";
export {
  type ClassificationMetrics,
  type ClassPredictions,
  classificationMetrics,
  type RegressionMetrics,
  type ReliabilityBin,
  regressionMetrics,
} from "./classificationMetrics.ts";
export { concordance } from "./concordance.ts";
export { type CoxFit, type CoxOptions, type CoxTerm, coxProportionalHazards } from "./cox.ts";
export { type CovariateTerm, completePatients, type DesignMatrix, designMatrix } from "./designMatrix.ts";
export { type Categories, enrichCategories, numberCategories } from "./enrichment.ts";
export type { ChiSquareTest, HypothesisTest } from "./hypothesisTest.ts";
export {
  type KaplanMeierCurve,
  type KaplanMeierOptions,
  kaplanMeier,
  type LimitScale,
  type SurvivalPoint,
  type SurvivalTimeEstimate,
} from "./kaplanMeier.ts";
export { type LogRankInput, type LogRankResult, logRank } from "./logRank.ts";
export { benjaminiHochberg } from "./multipleTesting.ts";
export type { CoxTies } from "./partialLikelihood.ts";
export { proportionalityTests } from "./proportionality.ts";
export { cutGroups, quantileGroups, quantileOfSorted, type ValueGroups } from "./quantileGroups.ts";
export type { CoxInput } from "./riskSets.ts";
export {
  type BrierInput,
  breslowSurvival,
  concordanceIpcw,
  type DynamicAuc,
  dynamicAuc,
  integratedBrierScore,
  type PredictedSurvival,
} from "./survivalMetrics.ts";
export type { Strata, SurvivalTimes } from "./survivalTimes.ts";
export { compareCategories, compareNumbers } from "./tableOne.ts";
