import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { writeCohort } from "../../store/cohorts.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { Attribute, Cohort, Patient, Slide, Study } from "../../store/generated/client.ts";
import { requireAttribute } from "../base/attributes.ts";
import type { Connection, PageArguments } from "../base/connections.ts";
import { type PatientFilter, requireStudyKey, resolvePatientFilter } from "../base/filters.ts";
import { listRows } from "../base/listing.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { comparedCodebook, compareShares } from "../phenotype/cohortShares.ts";
import type { PatchHit } from "../similarity/hydrate.ts";
import { loadStudy, requireKey } from "../study/study.service.ts";
import { type ComparisonRow, compare } from "./comparison.ts";
import { columnOf, type Facet, toFacet } from "./facets.ts";
import { compareFeatures } from "./featureComparison.ts";

export const MAX_FACETS = 20;

/** The cohort of a key, or null. */
export const findCohort = async (context: GraphQLContext, studyKey: string, key: string): Promise<Cohort | null> => {
  authorize(context.viewer, "study:read", studyKey);
  const study = await context.loaders.studyByKey.load(studyKey);
  return study && context.loaders.cohortByKey.load({ studyId: study.id, key });
};

/** A study's cohorts, by key. */
export const listCohorts = ({ loaders, viewer }: GraphQLContext, study: Study): Promise<Cohort[]> => {
  authorize(viewer, "study:read", study.key);
  return loaders.studyCohorts.load(study.id);
};

/** The cohort's patients, as a condition. A live one may have come to name what is gone since it was saved. */
const conditionOf = (context: GraphQLContext, study: Study, cohort: Cohort): Promise<Condition> =>
  cohort.isFrozen
    ? Promise.resolve({ kind: "frozenCohort", cohortId: cohort.id })
    : resolvePatientFilter(context, study, cohort.filter as PatientFilter, ["filter"], cohort.key);

const studyOf = async ({ loaders, viewer }: GraphQLContext, { studyId }: Cohort): Promise<Study> => {
  const study = await loaders.study.load(studyId);
  authorize(viewer, "study:read", study.key);
  return study;
};

export const listCohortPatients = async (
  context: GraphQLContext,
  cohort: Cohort,
  page: PageArguments,
): Promise<Connection<Patient>> => {
  const study = await studyOf(context, cohort);
  const condition = await conditionOf(context, study, cohort);
  return listRows(context.loaders, "patient", { parent: { kind: "study", id: study.id }, condition }, page);
};

export const listCohortSlides = async (
  context: GraphQLContext,
  cohort: Cohort,
  page: PageArguments,
): Promise<Connection<Slide>> => {
  const study = await studyOf(context, cohort);
  const condition: Condition = { kind: "patients", of: await conditionOf(context, study, cohort) };
  return listRows(context.loaders, "slide", { parent: { kind: "study", id: study.id }, condition }, page);
};

const readFacets = async (
  { loaders }: GraphQLContext,
  study: Study,
  condition: Condition,
  keys: readonly string[],
): Promise<Facet[]> => {
  if (keys.length > MAX_FACETS) {
    throw new HistoError("LIMIT_EXCEEDED", `${keys.length} attributes are more than ${MAX_FACETS}.`, {
      fix: `Ask for at most ${MAX_FACETS} attributes at once.`,
      path: ["attributes"],
    });
  }
  if (keys.length === 0) return [];
  const dictionary = await loaders.dictionary.load(study.id);
  const attributes = keys.map((key, index) =>
    requireAttribute(dictionary, key, undefined, ["attributes", String(index)], study.key),
  );
  const values = await loaders.values.load({ studyId: study.id, condition, columns: attributes.map(columnOf) });
  return attributes.flatMap((attribute, index) => {
    const column = values.columns[index];
    return column ? [toFacet(attribute, column)] : [];
  });
};

/** How the patients that pass a filter, or their slides, spread over the values of attributes. */
export const listFacets = async (
  context: GraphQLContext,
  filter: PatientFilter,
  keys: readonly string[],
): Promise<Facet[]> => {
  const studyKey = requireStudyKey(filter);
  authorize(context.viewer, "study:read", studyKey);
  const study = await loadStudy(context, studyKey);
  return readFacets(context, study, await resolvePatientFilter(context, study, filter), keys);
};

export const listCohortFacets = async (
  context: GraphQLContext,
  cohort: Cohort,
  keys: readonly string[],
): Promise<Facet[]> => {
  const study = await studyOf(context, cohort);
  return readFacets(context, study, await conditionOf(context, study, cohort), keys);
};

const MAX_NAME = 200;

/**
 * Saves a cohort; with the key of one that exists, replaces it. An empty one is saved too: a live cohort may fill later.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, FORBIDDEN, CONFLICT for a live cohort that would lead back to itself, and as
 *   resolvePatientFilter
 */
export const saveCohort = async (
  context: GraphQLContext,
  input: { studyKey: string; key: string; name: string; patients: PatientFilter; freeze: boolean },
): Promise<Cohort> => {
  const { app, loaders, viewer } = context;
  authorize(viewer, "study:write", input.studyKey);
  const study = await loadStudy(context, input.studyKey);
  const key = requireKey(input.key, ["key"]);
  const name = input.name.trim();
  if (name.length === 0 || name.length > MAX_NAME) {
    throw new HistoError("BAD_ARGUMENT", `A cohort's name has 1 to ${MAX_NAME} characters.`, { path: ["name"] });
  }
  // An earlier mutation of the same request may have changed what was read for it.
  loaders.dictionary.clear(study.id);
  loaders.cohortByKey.clearAll();
  loaders.studyCohorts.clear(study.id);
  loaders.lists.patient.pages.clearAll();
  loaders.lists.patient.counts.clearAll();
  const condition = await resolvePatientFilter(
    context,
    study,
    input.patients,
    ["patients"],
    input.freeze ? undefined : key,
  );
  const id = await app.database.transaction((client) =>
    writeCohort(client, { studyId: study.id, key, name, filter: input.patients, isFrozen: input.freeze }, condition),
  );
  loaders.cohortByKey.clearAll();
  return app.prisma.cohort.findUniqueOrThrow({ where: { id } });
};

/** @throws HistoError NOT_FOUND, FORBIDDEN */
const requireCohort = async (context: GraphQLContext, id: string, field: "a" | "b") => {
  const [studyKey, key] = requireId("Cohort", id, ["input", field]).map(String) as [string, string];
  const cohort = await findCohort(context, studyKey, key);
  if (cohort) return { studyKey, cohort };
  throw new HistoError("NOT_FOUND", `There is no cohort "${key}" in study "${studyKey}".`, {
    fix: "`study(key) { cohorts { key id } }` lists them; saveCohort makes one.",
    path: ["input", field],
  });
};

/** Attributes of patients by key; texts, which nothing compares, only when they are asked for. */
const comparedAttributes = async (
  { loaders }: GraphQLContext,
  study: Study,
  keys: readonly string[] | null | undefined,
): Promise<Attribute[]> => {
  const dictionary = await loaders.dictionary.load(study.id);
  return keys
    ? keys.map((key, index) =>
        requireAttribute(dictionary, key, "PATIENT", ["input", "attributes", String(index)], study.key),
      )
    : dictionary.filter(({ level, type }) => level === "PATIENT" && type !== "TEXT");
};

/** @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT */
const comparedFeatureSet = async (context: GraphQLContext, study: Study, id: string | null | undefined) => {
  if (id == null) return null;
  const featureSet = await requireFeatureSet(context, id, ["input", "featureSet"]);
  if (featureSet.studyId === study.id) return featureSet;
  throw new HistoError("BAD_ARGUMENT", "The feature set is of another study than the cohorts.", {
    fix: "Take the cohorts and the feature set from one study; nothing crosses studies.",
    path: ["input", "featureSet"],
  });
};

export type CohortComparison = {
  rows: ComparisonRow[];
  featureDistance: number | null;
  typicalOfA: () => Promise<PatchHit[] | null>;
  typicalOfB: () => Promise<PatchHit[] | null>;
  phenotypes: ComparisonRow[] | null;
};

const nothing = () => Promise.resolve(null);

/**
 * Two cohorts side by side, with the test that suits each attribute. The tests are for separate groups of patients, so
 * cohorts that overlap are refused rather than compared wrongly.
 * @throws HistoError NOT_FOUND, FORBIDDEN, COLUMN_UNKNOWN, BAD_ARGUMENT for two studies, CONFLICT for shared patients,
 *   LIMIT_EXCEEDED as compareFeatures
 */
export const compareCohorts = async (
  context: GraphQLContext,
  input: {
    a: string;
    b: string;
    attributes?: readonly string[] | null | undefined;
    featureSet?: string | null | undefined;
    codebook?: string | null | undefined;
  },
): Promise<CohortComparison> => {
  const { loaders } = context;
  const [a, b] = await Promise.all([requireCohort(context, input.a, "a"), requireCohort(context, input.b, "b")]);
  if (a.studyKey !== b.studyKey) {
    throw new HistoError("BAD_ARGUMENT", "The cohorts are of two studies; nothing crosses studies.", {
      fix: "Compare cohorts of one study.",
      path: ["input", "b"],
    });
  }
  const study = await loadStudy(context, a.studyKey);
  const [ofA, ofB, attributes, featureSet, codebook] = await Promise.all([
    conditionOf(context, study, a.cohort),
    conditionOf(context, study, b.cohort),
    comparedAttributes(context, study, input.attributes),
    comparedFeatureSet(context, study, input.featureSet),
    comparedCodebook(context, study, input.codebook),
  ]);
  const shared = await loaders.lists.patient.counts.load({
    parent: { kind: "study", id: study.id },
    condition: { kind: "all", of: [ofA, ofB] },
  });
  if (shared > 0) {
    throw new HistoError(
      "CONFLICT",
      `Cohorts "${a.cohort.key}" and "${b.cohort.key}" share ${shared} patients; the tests are for groups that share none.`,
      {
        fix: "Save one without the other: saveCohort(input: {patients: {and: [{cohort: a}, {not: {cohort: b}}]}}).",
        path: ["input", "b"],
      },
    );
  }
  const columns = attributes.map(columnOf);
  const [valuesOfA, valuesOfB] = await Promise.all(
    [ofA, ofB].map((condition) => loaders.values.load({ studyId: study.id, condition, columns })),
  );
  if (!valuesOfA || !valuesOfB) throw new Error("A cohort's values were not read.");
  const sizes = [valuesOfA.patients, valuesOfB.patients] as const;
  const features = featureSet && (await compareFeatures(context, featureSet, [ofA, ofB], sizes));
  return {
    rows: await compare(attributes, valuesOfA, valuesOfB, features ? [features.row] : []),
    featureDistance: features?.distance ?? null,
    typicalOfA: features?.typicalOfA ?? nothing,
    typicalOfB: features?.typicalOfB ?? nothing,
    phenotypes: codebook && (await compareShares(context, codebook, [ofA, ofB], sizes)),
  };
};
