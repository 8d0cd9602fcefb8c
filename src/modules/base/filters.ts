import { HistoError } from "../../platform/errors.ts";
import { decodeId, type NodeType, requireId } from "../../platform/ids.ts";
import type { Condition, NumberRange } from "../../store/filterSql.ts";
import type { Attribute, Study } from "../../store/generated/client.ts";
import type { Loaders } from "../loaders.ts";
import { requireAttribute } from "./attributes.ts";

type Maybe<Value> = Value | null | undefined;

/** The input PredicateTest: exactly one field. */
export type PredicateTest = {
  category?: Maybe<readonly string[]>;
  number?: Maybe<{ [Bound in keyof NumberRange]?: Maybe<number> }>;
  boolean?: Maybe<boolean>;
  isMissing?: Maybe<boolean>;
  textContains?: Maybe<string>;
};

export type Predicate = { attribute: string; test: PredicateTest };

/** The input PatientFilter. */
export type PatientFilter = {
  studyKey?: Maybe<string>;
  ids?: Maybe<readonly string[]>;
  keys?: Maybe<readonly string[]>;
  slides?: Maybe<SlideFilter>;
  cohort?: Maybe<string>;
  clinical?: Maybe<readonly Predicate[]>;
  and?: Maybe<readonly PatientFilter[]>;
  or?: Maybe<readonly PatientFilter[]>;
  not?: Maybe<PatientFilter>;
};

/** The input SlideFilter. */
export type SlideFilter = {
  studyKey?: Maybe<string>;
  ids?: Maybe<readonly string[]>;
  keys?: Maybe<readonly string[]>;
  stains?: Maybe<readonly ("HE" | "IHC" | "FLUORESCENCE" | "OTHER" | "UNKNOWN")[]>;
  patients?: Maybe<PatientFilter>;
  hasFeatureSet?: Maybe<string>;
  clinical?: Maybe<readonly Predicate[]>;
  and?: Maybe<readonly SlideFilter[]>;
  or?: Maybe<readonly SlideFilter[]>;
  not?: Maybe<SlideFilter>;
};

type Filter = PatientFilter & SlideFilter;

/** So many filters may lie inside each other, those of the cohorts that they name included. */
export const MAX_FILTER_DEPTH = 12;
/** So many filters and predicates may make one filter, those of its cohorts included. */
export const MAX_FILTER_PARTS = 500;

const tooDeep = (path: readonly string[]): HistoError =>
  new HistoError("LIMIT_EXCEEDED", `The filter is nested more than ${MAX_FILTER_DEPTH} deep.`, {
    fix: "Flatten it: put conditions side by side into one `and` or `or`, or save a part of it as a cohort.",
    path,
  });

const tooLarge = (path: readonly string[]): HistoError =>
  new HistoError("LIMIT_EXCEEDED", `The filter has more than ${MAX_FILTER_PARTS} conditions.`, {
    fix: "Put alternatives into one list (`keys`, `ids`, `category`), or freeze the patients as a cohort.",
    path,
  });

const isFilter = (part: Maybe<Filter>): part is Filter => part != null;

const insideOf = (filter: Filter): Filter[] =>
  [...(filter.and ?? []), ...(filter.or ?? []), filter.not, filter.slides, filter.patients].filter(isFilter);

/**
 * Level by level, without recursion, so that no depth can exhaust the stack.
 * @returns every filter inside, the outer ones first
 * @throws HistoError LIMIT_EXCEEDED
 */
const requireLimits = (filter: Filter, path: readonly string[]): Filter[] => {
  const all: Filter[] = [];
  let predicates = 0;
  let level = [filter];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_FILTER_DEPTH) throw tooDeep(path);
    all.push(...level);
    predicates += level.reduce((sum, part) => sum + (part.clinical?.length ?? 0), 0);
    if (all.length + predicates > MAX_FILTER_PARTS) throw tooLarge(path);
    level = level.flatMap(insideOf);
  }
  return all;
};

const studyOf = (id: string): string | undefined => {
  const parts = decodeId(id)?.parts;
  return parts && parts.length > 1 ? String(parts[0]) : undefined;
};

/**
 * The study that a filter is about: said by `studyKey`, or by an id in it. Nothing crosses studies.
 * @throws HistoError BAD_ARGUMENT, LIMIT_EXCEEDED
 */
export const requireStudyKey = (filter: PatientFilter | SlideFilter, path: readonly string[] = ["filter"]): string => {
  for (const part of requireLimits(filter, path)) {
    const id = part.ids?.[0] ?? part.cohort ?? part.hasFeatureSet;
    const named = part.studyKey ?? (id == null ? undefined : studyOf(id));
    if (named !== undefined) return named;
  }
  throw new HistoError("BAD_ARGUMENT", "The filter names no study.", {
    fix: 'Add studyKey: "…" to the filter; `studies` lists the keys.',
    path: [...path, "studyKey"],
  });
};

const requireSameStudy = (studyKey: string, named: Maybe<string>, path: readonly string[]): void => {
  if (named == null || named === studyKey) return;
  throw new HistoError("BAD_ARGUMENT", `The filter names two studies: "${studyKey}" and "${named}".`, {
    fix: "Ask each study in its own field; nothing crosses studies.",
    path,
  });
};

/** The natural key inside a global id of the study; an id of another study or type is refused. */
const keyOfId = (type: NodeType, id: string, studyKey: string, path: readonly string[]): string => {
  const [study, key] = requireId(type, id, path);
  requireSameStudy(studyKey, String(study), path);
  return String(key);
};

const KIND_OF_TEST = {
  category: "CATEGORY",
  number: "NUMBER",
  boolean: "BOOLEAN",
  textContains: "TEXT",
} as const;

const TEST_OF_KIND = {
  CATEGORY: 'category: ["…"]',
  NUMBER: "number: {gte: …}",
  BOOLEAN: "boolean: true",
  TEXT: 'textContains: "…"',
} as const;

const requireRange = (range: NonNullable<PredicateTest["number"]>, path: readonly string[]): NumberRange => {
  const bounds = Object.entries(range).filter(([, bound]) => bound != null);
  if (bounds.length > 0) return Object.fromEntries(bounds) as NumberRange;
  throw new HistoError("BAD_ARGUMENT", "The range of numbers has no bounds.", {
    fix: "Give at least one of equals, gt, gte, lt and lte; for any number at all ask isMissing: false.",
    path,
  });
};

/**
 * One attribute's test, of the kind that the attribute has.
 * @throws HistoError TYPE_MISMATCH, BAD_ARGUMENT
 */
export const predicateCondition = (
  { key, type }: Pick<Attribute, "key" | "type">,
  test: PredicateTest,
  path: readonly string[],
): Condition => {
  if (test.isMissing != null) return { kind: "missing", attribute: key, isMissing: test.isMissing };
  for (const [name, needed] of Object.entries(KIND_OF_TEST)) {
    if (test[name as keyof PredicateTest] == null || needed === type) continue;
    const asked = name === "textContains" ? "text" : name;
    throw new HistoError("TYPE_MISMATCH", `Attribute ${key} is a ${type}; it was asked as ${asked}.`, {
      fix: `Ask {attribute: "${key}", test: {${TEST_OF_KIND[type]}}}.`,
      path: [...path, "test", name],
    });
  }
  if (test.category != null) return { kind: "category", attribute: key, values: test.category };
  if (test.boolean != null) return { kind: "boolean", attribute: key, value: test.boolean };
  if (test.textContains != null) return { kind: "text", attribute: key, contains: test.textContains };
  if (test.number != null) {
    return { kind: "number", attribute: key, range: requireRange(test.number, [...path, "test", "number"]) };
  }
  throw new HistoError("BAD_ARGUMENT", `The predicate on ${key} tests nothing.`, {
    fix: `Ask {attribute: "${key}", test: {${TEST_OF_KIND[type]}}}.`,
    path: [...path, "test"],
  });
};

/** What resolving one filter needs and has used up. */
type Resolving = {
  study: Study;
  loaders: Loaders;
  /** Live cohorts whose filters are being resolved, outermost first. */
  cohorts: readonly string[];
  depth: number;
  parts: { left: number };
};

const cyclic = (chain: readonly string[], path: readonly string[]): HistoError =>
  new HistoError("CONFLICT", `Live cohorts refer to each other in a circle: ${chain.join(" → ")}.`, {
    fix: "Freeze one of them, or leave the reference out of its filter.",
    path,
  });

const cohortCondition = async (resolving: Resolving, id: string, path: readonly string[]): Promise<Condition> => {
  const { study, loaders, cohorts } = resolving;
  const key = keyOfId("Cohort", id, study.key, path);
  if (cohorts.includes(key)) throw cyclic([...cohorts, key], path);
  const cohort = await loaders.cohortByKey.load({ studyId: study.id, key });
  if (!cohort) {
    throw new HistoError("NOT_FOUND", `There is no cohort "${key}" in study "${study.key}".`, {
      fix: "`study(key) { cohorts { key id } }` lists them; saveCohort makes one.",
      path,
    });
  }
  if (cohort.isFrozen) return { kind: "frozenCohort", cohortId: cohort.id };
  const filter = cohort.filter as Filter;
  requireLimits(filter, path);
  return patientCondition({ ...resolving, cohorts: [...cohorts, key] }, filter, path);
};

const featureSetCondition = async (
  { study, loaders }: Resolving,
  id: string,
  path: readonly string[],
): Promise<Condition> => {
  const key = keyOfId("FeatureSet", id, study.key, path);
  const featureSet = await loaders.featureSetByKey.load({ studyId: study.id, key });
  if (featureSet) return { kind: "featureSet", featureSetId: featureSet.id };
  throw new HistoError("NOT_FOUND", `There is no feature set "${key}" in study "${study.key}".`, {
    fix: "`study(key) { featureSets { key id } }` lists them; embedSlides makes one.",
    path,
  });
};

const predicateConditions = async (
  { study, loaders }: Resolving,
  predicates: readonly Predicate[],
  level: "PATIENT" | "SLIDE",
  path: readonly string[],
): Promise<Condition[]> => {
  if (predicates.length === 0) return [];
  const dictionary = await loaders.dictionary.load(study.id);
  return predicates.map(({ attribute, test }, index) => {
    const place = [...path, String(index)];
    const known = requireAttribute(dictionary, attribute, level, [...place, "attribute"], study.key);
    return predicateCondition(known, test, place);
  });
};

type Resolve<F> = (resolving: Resolving, filter: F, path: readonly string[]) => Promise<Condition>;

/** What patients' and slides' filters have in common. */
const commonConditions = async <F extends PatientFilter | SlideFilter>(
  resolving: Resolving,
  filter: F,
  path: readonly string[],
  type: "Patient" | "Slide",
  resolve: Resolve<F>,
): Promise<Condition[]> => {
  const { study } = resolving;
  requireSameStudy(study.key, filter.studyKey, [...path, "studyKey"]);
  const each = (parts: readonly F[], name: string) =>
    Promise.all(parts.map((part, index) => resolve(resolving, part, [...path, name, String(index)])));
  const ids = filter.ids?.map((id, index) => keyOfId(type, id, study.key, [...path, "ids", String(index)]));
  const level = type === "Patient" ? "PATIENT" : "SLIDE";
  return [
    ...(ids ? [{ kind: "keys" as const, keys: ids }] : []),
    ...(filter.keys ? [{ kind: "keys" as const, keys: filter.keys }] : []),
    ...(await predicateConditions(resolving, filter.clinical ?? [], level, [...path, "clinical"])),
    ...(await each((filter.and ?? []) as readonly F[], "and")),
    ...(filter.or ? [{ kind: "any" as const, of: await each(filter.or as readonly F[], "or") }] : []),
    ...(filter.not ? [{ kind: "not" as const, of: await resolve(resolving, filter.not as F, [...path, "not"]) }] : []),
  ];
};

/** One filter deeper, and its own conditions fewer that are left. */
const enter = (resolving: Resolving, filter: PatientFilter | SlideFilter, path: readonly string[]): Resolving => {
  const { depth, parts } = resolving;
  if (depth >= MAX_FILTER_DEPTH) throw tooDeep(path);
  parts.left -= 1 + (filter.clinical?.length ?? 0);
  if (parts.left < 0) throw tooLarge(path);
  return { ...resolving, depth: depth + 1 };
};

const all = (conditions: readonly Condition[]): Condition => {
  const [only, ...more] = conditions;
  return only && more.length === 0 ? only : { kind: "all", of: conditions };
};

const patientCondition: Resolve<PatientFilter> = async (resolving, filter, path) => {
  const inside = enter(resolving, filter, path);
  return all([
    ...(await commonConditions(inside, filter, path, "Patient", patientCondition)),
    ...(filter.cohort == null ? [] : [await cohortCondition(inside, filter.cohort, [...path, "cohort"])]),
    ...(filter.slides
      ? [{ kind: "slides" as const, of: await slideCondition(inside, filter.slides, [...path, "slides"]) }]
      : []),
  ]);
};

const slideCondition: Resolve<SlideFilter> = async (resolving, filter, path) => {
  const inside = enter(resolving, filter, path);
  return all([
    ...(await commonConditions(inside, filter, path, "Slide", slideCondition)),
    ...(filter.stains ? [{ kind: "stains" as const, stains: filter.stains }] : []),
    ...(filter.hasFeatureSet == null
      ? []
      : [await featureSetCondition(inside, filter.hasFeatureSet, [...path, "hasFeatureSet"])]),
    ...(filter.patients
      ? [{ kind: "patients" as const, of: await patientCondition(inside, filter.patients, [...path, "patients"]) }]
      : []),
  ]);
};

const begin = (loaders: Loaders, study: Study, cohorts: readonly string[]): Resolving => ({
  study,
  loaders,
  cohorts,
  depth: 0,
  parts: { left: MAX_FILTER_PARTS },
});

/**
 * A filter for patients, checked against its study.
 * @param path where the filter stands in the input
 * @param savedAs key of the live cohort that the filter is to become; then it may not lead back to itself
 * @throws HistoError COLUMN_UNKNOWN, TYPE_MISMATCH, BAD_ARGUMENT, NOT_FOUND, LIMIT_EXCEEDED, CONFLICT
 */
export const resolvePatientFilter = async (
  { loaders }: { loaders: Loaders },
  study: Study,
  filter: PatientFilter,
  path: readonly string[] = ["filter"],
  savedAs?: string,
): Promise<Condition> => {
  requireLimits(filter, path);
  return patientCondition(begin(loaders, study, savedAs === undefined ? [] : [savedAs]), filter, path);
};

/**
 * A filter for slides, checked against its study.
 * @throws HistoError as resolvePatientFilter
 */
export const resolveSlideFilter = async (
  { loaders }: { loaders: Loaders },
  study: Study,
  filter: SlideFilter,
  path: readonly string[] = ["filter"],
): Promise<Condition> => {
  requireLimits(filter, path);
  return slideCondition(begin(loaders, study, []), filter, path);
};
