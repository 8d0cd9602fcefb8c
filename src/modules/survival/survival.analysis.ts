import { HistoError, isHistoError } from "../../platform/errors.ts";
import { type PlainError, toPlainError } from "../../platform/plain-error.ts";
import {
  type ChiSquareTest,
  type CovariateTerm,
  type CoxTies,
  completePatients,
  coxProportionalHazards,
  designMatrix,
  kaplanMeier,
  logRank,
  proportionalityTests,
  type SurvivalPoint,
  type SurvivalTimeEstimate,
  type SurvivalTimes,
} from "../../statistics/index.ts";
import { type Column, isMissing, MISSING_FLAG, type SurvivalTable } from "./survival.columns.ts";
import { thinCurve } from "./survival.curve.ts";
import { type Grouping, groupPatients, noValueOf } from "./survival.groups.ts";

/** What is to be computed; columns are named by their index in the table. */
export type SurvivalPlan = {
  endpoint: string;
  grouping: Grouping;
  strata: number[];
  cox: { terms: number[]; ties: CoxTies } | null;
  confidence: number;
};

/** A part of the analysis, which may fail while the others stand. */
export type Outcome<Value> = { value: Value } | { failure: PlainError };

export type CoxModel = {
  terms: ReturnType<typeof coxProportionalHazards>["terms"];
  patients: number;
  events: number;
  concordance: number;
  concordanceStandardError: number;
  logLikelihood: [number, number];
  likelihoodRatio: ChiSquareTest;
  wald: ChiSquareTest;
  score: ChiSquareTest;
  proportionality: ChiSquareTest[];
};

export type SurvivalResult = {
  groups: {
    name: string;
    patients: number;
    events: number;
    medianDays: SurvivalTimeEstimate;
    curve: SurvivalPoint[];
  }[];
  logRank: Outcome<ChiSquareTest | null>;
  cox: Outcome<CoxModel | null>;
  excluded: { reason: string; patients: number }[];
};

/** Each coefficient costs a pass over the patients for every other one. */
const MAX_COEFFICIENTS = 100;

const attempt = <Value>(path: readonly string[], compute: () => Value): Outcome<Value> => {
  try {
    return { value: compute() };
  } catch (error) {
    if (!isHistoError(error)) throw error;
    return { failure: { ...toPlainError(error), path: [...path, ...(error.inputPath ?? [])] } };
  }
};

const timesOf = (table: SurvivalTable, patients: Uint32Array): SurvivalTimes => ({
  timesDays: Float64Array.from(patients, (patient) => table.timesDays[patient] ?? Number.NaN),
  events: Uint8Array.from(patients, (patient) => table.events[patient] ?? 0),
});

/** One label for each combination of the strata's values. */
const strataOf = (columns: readonly Column[], patients: Uint32Array): string[] | undefined =>
  columns.length === 0
    ? undefined
    : Array.from(patients, (patient) => columns.map(({ values }) => values[patient]).join(" "));

const termOf = (column: Column, patients: Uint32Array): CovariateTerm => {
  const name = column.key;
  switch (column.kind) {
    case "number":
      return { kind: "numeric", name, values: Float64Array.from(patients, (patient) => column.values[patient] ?? 0) };
    case "boolean":
      return {
        kind: "boolean",
        name,
        values: Array.from(patients, (patient) =>
          column.values[patient] === MISSING_FLAG ? null : column.values[patient] === 1,
        ),
      };
    case "category":
      return {
        kind: "categorical",
        name,
        values: Array.from(patients, (patient) => column.names[column.values[patient] ?? -1] ?? null),
      };
  }
};

const requireFewCoefficients = (columns: readonly Column[]): void => {
  const coefficients = columns.reduce(
    (sum, column) => sum + (column.kind === "category" ? Math.max(1, column.names.length - 1) : 1),
    0,
  );
  if (coefficients <= MAX_COEFFICIENTS) return;
  throw new HistoError(
    "LIMIT_EXCEEDED",
    `The regression would have ${coefficients} coefficients; ${MAX_COEFFICIENTS} are allowed.`,
    { fix: "Leave out categories with many values.", path: ["terms"] },
  );
};

/** Patients that have what is asked of them; the others are counted under the reason. */
const keep = (
  patients: Uint32Array,
  hasIt: (patient: number) => boolean,
  reason: string,
  excluded: SurvivalResult["excluded"],
): Uint32Array => {
  const kept = patients.filter(hasIt);
  if (kept.length < patients.length) excluded.push({ reason, patients: patients.length - kept.length });
  return kept;
};

const fitCox = (
  table: SurvivalTable,
  patients: Uint32Array,
  strata: readonly Column[],
  { cox, confidence }: SurvivalPlan,
): CoxModel | null => {
  if (!cox) return null;
  const columns = cox.terms.flatMap((index) => table.columns[index] ?? []);
  requireFewCoefficients(columns);
  const { complete } = completePatients(
    columns.map((column) => termOf(column, patients)),
    patients.length,
  );
  const modelled = Uint32Array.from(complete, (place) => patients[place] ?? 0);
  if (modelled.length === 0) {
    throw new HistoError("TOO_FEW_PATIENTS", "No patient has a value of every covariate.", {
      fix: "Leave out covariates that are often missing; `excluded` counts them.",
      path: ["terms"],
    });
  }
  const input = {
    ...timesOf(table, modelled),
    design: designMatrix(columns.map((column) => termOf(column, modelled))),
    strata: strataOf(strata, modelled),
  };
  const fit = coxProportionalHazards(input, { ties: cox.ties, confidence });
  const { terms, concordance, concordanceStandardError, logLikelihood, likelihoodRatio, wald, score } = fit;
  return {
    terms,
    patients: fit.patients,
    events: fit.events,
    concordance,
    concordanceStandardError,
    logLikelihood,
    likelihoodRatio,
    wald,
    score,
    proportionality: proportionalityTests(input, fit),
  };
};

const compareGroups = (
  table: SurvivalTable,
  groups: readonly Uint32Array[],
  strata: readonly Column[],
): ChiSquareTest | null => {
  const filled = groups.filter((members) => members.length > 0);
  const seen = new Set(filled.flatMap((members) => [...members]));
  const total = filled.reduce((sum, members) => sum + members.length, 0);
  if (groups.length < 2 || seen.size < total) return null;
  if (filled.length < 2) {
    throw new HistoError("TOO_FEW_PATIENTS", "Fewer than two groups have patients.", {
      fix: "Choose groups that each have patients with this endpoint.",
    });
  }
  const patients = Uint32Array.from(filled.flatMap((members) => [...members]));
  const codes = Uint32Array.from(filled.flatMap((members, code) => Array.from(members, () => code)));
  const { name, statistic, degreesOfFreedom, pValue } = logRank({
    ...timesOf(table, patients),
    groups: codes,
    groupCount: filled.length,
    strata: strataOf(strata, patients),
  });
  return { name, statistic, degreesOfFreedom, pValue };
};

/**
 * Kaplan–Meier curves by group, log-rank test and Cox regression over a table of patients. Patients without the endpoint,
 * without a group or without a stratum are left out of all, those without a covariate of the regression only; each is
 * counted under the first reason.
 *
 * @throws HistoError TOO_FEW_PATIENTS when nobody is left, ALL_CENSORED when nobody left had the event, and as
 * `groupPatients`. A test or regression that cannot be computed fails alone.
 */
export const analyseSurvival = (table: SurvivalTable, plan: SurvivalPlan): SurvivalResult => {
  const excluded: SurvivalResult["excluded"] = [];
  const everyone = Uint32Array.from({ length: table.patients }, (_, patient) => patient);
  const followed = keep(
    everyone,
    (patient) => !Number.isNaN(table.timesDays[patient]),
    `no time and event of "${plan.endpoint}"`,
    excluded,
  );
  const groups = groupPatients(table, followed, plan.grouping);
  const inGroup = new Uint8Array(table.patients);
  for (const members of groups.members) for (const patient of members) inGroup[patient] = 1;
  let analysed = keep(followed, (patient) => inGroup[patient] === 1, groups.without, excluded);

  const strata = plan.strata.flatMap((index) => table.columns[index] ?? []);
  for (const column of strata)
    analysed = keep(analysed, (patient) => !isMissing(column, patient), noValueOf(column), excluded);
  const isAnalysed = new Uint8Array(table.patients);
  for (const patient of analysed) isAnalysed[patient] = 1;
  if (analysed.length === 0) {
    throw new HistoError("TOO_FEW_PATIENTS", `No patient can be analysed for "${plan.endpoint}".`, {
      fix:
        excluded.length === 0
          ? "No patient passes the filter: widen `patients`."
          : `All were left out: ${excluded.map(({ reason, patients }) => `${patients} ${reason}`).join(", ")}.`,
    });
  }
  if (!analysed.some((patient) => table.events[patient] === 1)) {
    throw new HistoError("ALL_CENSORED", `None of the ${analysed.length} patients had the event "${plan.endpoint}".`, {
      fix: "Choose patients or an endpoint with events, or import it again with the `eventValues` that mean the event.",
    });
  }
  const members = groups.members.map((list) => list.filter((patient) => isAnalysed[patient] === 1));
  const curves = groups.names.map((name, group) => {
    const own = members[group] ?? new Uint32Array();
    if (own.length === 0)
      return { name, patients: 0, events: 0, medianDays: { estimate: null, lower: null, upper: null }, curve: [] };
    const { patients, events, medianDays, points } = kaplanMeier(timesOf(table, own), { confidence: plan.confidence });
    return { name, patients, events, medianDays, curve: thinCurve(points) };
  });
  let modelled = analysed;
  for (const index of plan.cox?.terms ?? []) {
    const column = table.columns[index];
    if (column)
      modelled = keep(
        modelled,
        (patient) => !isMissing(column, patient),
        `${noValueOf(column)}, left out of the regression only`,
        excluded,
      );
  }
  return {
    groups: curves,
    logRank: attempt(["groupBy"], () => compareGroups(table, members, strata)),
    cox: attempt(["cox"], () => fitCox(table, analysed, strata, plan)),
    excluded,
  };
};
