import { setImmediate } from "node:timers/promises";
import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { fromPlainError } from "../../platform/plain-error.ts";
import type { Cohort, Study, SurvivalEndpoint } from "../../store/generated/client.ts";
import { readSurvivalValues, type SurvivalRow } from "../../store/survivalValues.ts";
import { resolvePatientFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { requireMilModel, taskOf } from "../mil/mil.service.ts";
import { requirePhenotype } from "../phenotype/phenotype.service.ts";
import { phenotypeLabel, sharedPlace } from "../phenotype/sharedPhenotype.ts";
import { requireStudy } from "../study/study.service.ts";
import type { Outcome, SurvivalResult } from "./survival.analysis.ts";
import { type Column, columnBuilder, type SurvivalTable } from "./survival.columns.ts";
import { checkInput, planSurvival, type RiskColumn, type ShareColumn, type SurvivalInput } from "./survival.input.ts";
import { analyseAside } from "./survival.thread.ts";

/** @throws HistoError NOT_FOUND with the endpoints that there are */
const requireEndpoint = async ({ loaders }: GraphQLContext, study: Study, key: string): Promise<SurvivalEndpoint> => {
  const endpoints = await loaders.studyEndpoints.load(study.id);
  const endpoint = endpoints.find((candidate) => candidate.key === key);
  if (endpoint) return endpoint;
  throw new HistoError("NOT_FOUND", `Study "${study.key}" has no endpoint "${key}".`, {
    fix:
      endpoints.length > 0
        ? `Use one of: ${endpoints.map((candidate) => candidate.key).join(", ")}.`
        : "Import one with importClinical(input: {endpoints: …}).",
    path: ["endpoint"],
  });
};

/** So many patients are taken over between two turns of the event loop: a few milliseconds. */
const PATIENTS_A_TURN = 5000;

const tableOf = async (
  rows: readonly SurvivalRow[],
  attributes: Parameters<typeof columnBuilder>[0][],
  cohorts: readonly Cohort[],
  signal: AbortSignal,
): Promise<SurvivalTable> => {
  const patients = rows.length;
  const timesDays = new Float64Array(patients).fill(Number.NaN);
  const events = new Uint8Array(patients);
  const builders = attributes.map((attribute) => columnBuilder(attribute, patients));
  const members = cohorts.map(() => new Uint8Array(patients));
  for (let patient = 0; patient < patients; patient += 1) {
    if (patient % PATIENTS_A_TURN === PATIENTS_A_TURN - 1) await setImmediate(undefined, { signal });
    const row = rows[patient];
    if (!row) continue;
    if (row.survival) {
      timesDays[patient] = row.survival[0];
      events[patient] = Number(row.survival[1]);
    }
    builders.forEach((builder, index) => {
      builder.put(patient, row[`v${index}`]);
    });
    members.forEach((flags, index) => {
      flags[patient] = Number(row[`s${index}`]);
    });
  }
  return {
    patients,
    timesDays,
    events,
    columns: builders.map((builder) => builder.finish()),
    cohorts: cohorts.map(({ name }, index) => ({ name, members: members[index] ?? new Uint8Array(patients) })),
  };
};

type SharedPhenotype = ShareColumn & { label: string; place: ReturnType<typeof sharedPlace> };

/** @throws HistoError NOT_FOUND, BAD_ARGUMENT for phenotypes that cannot stand in one analysis */
const resolvePhenotypes = async (
  context: GraphQLContext,
  study: Study,
  shares: readonly ShareColumn[],
): Promise<SharedPhenotype[]> => {
  const found = await Promise.all(
    shares.map(async (share) => {
      const phenotype = await requirePhenotype(context, share.id, share.path);
      if (phenotype.codebook.build.studyId !== study.id)
        throw new HistoError("BAD_ARGUMENT", "The phenotype is of another study; nothing crosses studies.", {
          fix: `Name a phenotype of study "${study.key}".`,
          path: share.path,
        });
      return { ...share, label: phenotypeLabel(phenotype), place: sharedPlace(phenotype, share.path) };
    }),
  );
  const covariates = found.filter(({ path }) => path[0] === "cox");
  const stranger = covariates.find(({ place }) => place.codebookId !== covariates[0]?.place.codebookId);
  if (!stranger) return found;
  throw new HistoError(
    "BAD_ARGUMENT",
    "The phenotypes of a regression are of two codebooks, which part the same patches.",
    {
      fix: "Name phenotypes of one codebook.",
      path: stranger.path,
    },
  );
};

/** A phenotype's shares as a column, in its own steps. */
const shareColumn = (rows: readonly SurvivalRow[], { name, label, step }: SharedPhenotype, index: number): Column => ({
  kind: "number",
  key: name(label),
  values: Float64Array.from(rows, (row) => (row[`p${index}`] ?? Number.NaN) / step),
  without: `no patches in the codebook of ${label}`,
});

type RiskModel = RiskColumn & { modelId: number; key: string };

/** @throws HistoError NOT_FOUND, BAD_ARGUMENT for a model whose scores are no risks of patients */
const resolveRisks = (context: GraphQLContext, study: Study, risks: readonly RiskColumn[]): Promise<RiskModel[]> =>
  Promise.all(
    risks.map(async ({ id, path }) => {
      const model = await requireMilModel(context, id, path);
      const refuse = (message: string, fix: string): never => {
        throw new HistoError("BAD_ARGUMENT", message, { fix, path });
      };
      if (model.studyId !== study.id)
        refuse("The model is of another study; nothing crosses studies.", `Name a model of study "${study.key}".`);
      if (taskOf(model).kind !== "SURVIVAL")
        refuse(`Model "${model.key}" predicts no risk.`, "Name a model whose task is survival.");
      if (model.unit !== "PATIENT")
        refuse(`Model "${model.key}" scores slides; survival is one of patients.`, "Name a model of unit PATIENT.");
      return { id, path, modelId: model.id, key: model.key };
    }),
  );

/** A model's risks as a column. */
const riskColumn = (rows: readonly SurvivalRow[], { key }: RiskModel, index: number): Column => ({
  kind: "number",
  key: `risk of ${key}`,
  values: Float64Array.from(rows, (row) => row[`r${index}`] ?? Number.NaN),
  without: `no out-of-fold or external risk of model "${key}"`,
});

/**
 * The patients that may be grouped by a model's risk: those that it was trained on, and whose endpoint is known, are counted
 * apart. Groups of what was learnt by heart would part as if by magic.
 * @throws HistoError LEAKAGE when it was trained on all that it has a risk of
 */
const withoutTrained = (
  rows: readonly SurvivalRow[],
  model: RiskModel | undefined,
): { rows: readonly SurvivalRow[]; excluded: SurvivalResult["excluded"] } => {
  if (model?.path[0] !== "groupBy") return { rows, excluded: [] };
  const kept = rows.filter(({ t0, survival: known }) => !(t0 && known));
  const trained = rows.length - kept.length;
  if (trained === 0) return { rows, excluded: [] };
  if (kept.some(({ r0 }) => r0 !== null))
    return { rows: kept, excluded: [{ reason: `model "${model.key}" was trained on them`, patients: trained }] };
  throw new HistoError("LEAKAGE", `Model "${model.key}" was trained on every patient that it has a risk of here.`, {
    fix: "Choose patients that it was tested on in a fold, or score others with scoreMilModel.",
    path: model.path,
  });
};

/** The cohorts that make the groups, and which patients belong to each. */
const resolveCohorts = async (context: GraphQLContext, study: Study, ids: readonly string[]) => {
  const path = ["groupBy", "cohorts"];
  const conditions = await Promise.all(
    ids.map((id, index) => resolvePatientFilter(context, study, { cohort: id }, [...path, String(index)])),
  );
  const cohorts = await Promise.all(
    ids.map((id, index) => {
      const [, key] = requireId("Cohort", id, [...path, String(index)]);
      return context.loaders.cohortByKey.load({ studyId: study.id, key: String(key) });
    }),
  );
  return { conditions, cohorts: cohorts.filter((cohort) => cohort !== null) };
};

/**
 * Kaplan–Meier curves, log-rank test and Cox regression of a study's patients.
 * @throws HistoError NOT_FOUND, COLUMN_UNKNOWN, TYPE_MISMATCH, BAD_ARGUMENT, TOO_FEW_PATIENTS, ALL_CENSORED,
 * LIMIT_EXCEEDED, FORBIDDEN, LEAKAGE; what only the test or the regression refuses is in their part of the result
 */
export const survival = async (
  context: GraphQLContext,
  input: SurvivalInput,
): Promise<SurvivalResult & { endpoint: SurvivalEndpoint }> => {
  const { app, viewer, loaders, signal } = context;
  authorize(viewer, "study:read", input.studyKey);
  checkInput(input);
  const study = await requireStudy({ app }, input.studyKey);
  const endpoint = await requireEndpoint(context, study, input.endpoint);
  const { plan, columns, shares, risks } = planSurvival(input, await loaders.dictionary.load(study.id));
  const phenotypes = await resolvePhenotypes(context, study, shares);
  const models = await resolveRisks(context, study, risks);
  const patients = await resolvePatientFilter(context, study, input.patients ?? {}, ["patients"]);
  const { cohorts, conditions } = await resolveCohorts(context, study, input.groupBy?.cohorts ?? []);
  const all = await readSurvivalValues(app.database, {
    studyId: study.id,
    patients,
    endpoint: input.endpoint,
    attributes: columns.map(({ key }) => key),
    sets: conditions,
    phenotypes: phenotypes.map(({ place }) => place),
    models: models.map(({ modelId }) => modelId),
  });
  const { rows, excluded } = withoutTrained(all, models[0]);
  const table = await tableOf(rows, columns, cohorts, signal);
  table.columns.push(...phenotypes.map((phenotype, index) => shareColumn(rows, phenotype, index)));
  table.columns.push(...models.map((model, index) => riskColumn(rows, model, index)));
  const result = await analyseAside(table, plan, signal);
  return { endpoint, ...result, excluded: [...excluded, ...result.excluded] };
};

/** A part's value, or the error that it failed with, thrown where that part was asked for. */
export const unwrap = <Value>(outcome: Outcome<Value>): Value => {
  if ("value" in outcome) return outcome.value;
  throw fromPlainError(outcome.failure);
};
