import { HistoError } from "../platform/errors.ts";
import type { DesignMatrix } from "./designMatrix.ts";
import type { RiskSets } from "./partialLikelihood.ts";
import {
  type DistinctValues,
  distinctTimes,
  orderByStratumAndTime,
  type Strata,
  type SurvivalTimes,
  stratumCodes,
} from "./survivalTimes.ts";

export type CoxInput = SurvivalTimes & {
  readonly design: DesignMatrix;
  /** Each stratum has a baseline hazard of its own. */
  readonly strata?: Strata | undefined;
};

export type StandardisedRiskSets = {
  sets: RiskSets;
  times: DistinctValues;
  /** The patient at each place of the risk sets. */
  order: Uint32Array;
  /** A coefficient of the standardised covariate over its scale is one of the covariate. */
  scales: Float64Array;
};

/**
 * Sorted data of a Cox model with covariates centred at their mean and divided by their mean absolute deviation, so that
 * columns of very different sizes can be judged by one tolerance.
 *
 * @throws BAD_ARGUMENT when a covariate is the same for every patient.
 */
export const standardisedRiskSets = (input: CoxInput): StandardisedRiskSets => {
  const { design } = input;
  const patients = input.timesDays.length;
  const columns = design.columns.length;
  const times = distinctTimes(input.timesDays);
  const strata = stratumCodes(input.strata, patients);
  const order = orderByStratumAndTime(times, strata);
  const covariates = new Float64Array(patients * columns);
  const scales = design.columns.map((values, column) => {
    let sum = 0;
    for (const value of values) sum += value;
    const mean = sum / patients;
    let deviation = 0;
    for (const value of values) deviation += Math.abs(value - mean);
    const scale = deviation / patients;
    if (!(scale > 1e-13 * Math.abs(mean)))
      throw new HistoError("BAD_ARGUMENT", `The covariate "${design.names[column]}" is the same for every patient.`, {
        fix: "Leave it out, or choose patients that differ in it.",
        path: ["terms"],
      });
    for (let i = 0; i < patients; i += 1)
      covariates[i * columns + column] = ((values[order[i] ?? 0] ?? 0) - mean) / scale;
    return scale;
  });
  const sets = {
    patients,
    columns,
    covariates,
    events: Uint8Array.from(order, (patient) => (input.events[patient] ? 1 : 0)),
    timeIndex: Uint32Array.from(order, (patient) => times.index[patient] ?? 0),
    stratum: Uint32Array.from(order, (patient) => strata.codes[patient] ?? 0),
  };
  return { sets, times, order, scales: Float64Array.from(scales) };
};
