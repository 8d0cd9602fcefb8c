import { MOSAIC_PATCHES } from "../../learning/setDistanceMosaic.ts";
import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { type Condition, EVERYTHING } from "../../store/filterSql.ts";
import type { FeatureSet, Patient, Slide, Study } from "../../store/generated/client.ts";
import type { SearchReport } from "../../store/search/index.ts";
import { readSetSlides, type SetSlide } from "../../store/setVectors.ts";
import { requirePageSize } from "../base/connections.ts";
import { type PatientFilter, resolvePatientFilter, resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { isPhenotypeMethod, type PhenotypeMethod, searchByPhenotypes } from "../phenotype/similarByPhenotypes.ts";
import { hydrateHits, type PatchHit } from "./hydrate.ts";
import { studyKeyOf } from "./query.ts";
import {
  type SetCandidate,
  type SetSearch,
  type SetSearchResult,
  searchByMean,
  searchByMosaic,
} from "./similarSets.search.ts";
import { requireSummaries } from "./similarSets.summaries.ts";

/** The enum SetDistance: each way to compare sets of vectors, and what it says of itself. */
const METHODS = {
  MEAN: { search: searchByMean, how: "by the mean of its vectors" },
  MEDIAN_OF_MIN: { search: searchByMosaic, how: `by mosaics of at most ${MOSAIC_PATCHES} patches a slide` },
} as const satisfies Record<string, { search: (search: SetSearch) => Promise<SetSearchResult>; how: string }>;

type SetInput = {
  featureSet: string;
  method: keyof typeof METHODS | PhenotypeMethod;
  codebook?: string | null | undefined;
  first: number;
};

/** @throws HistoError BAD_ARGUMENT for a codebook that the method would not look at */
const requireVectorMethod = ({ method, codebook }: SetInput): keyof typeof METHODS => {
  if (!isPhenotypeMethod(method) && codebook == null) return method;
  throw new HistoError("BAD_ARGUMENT", `${method} compares vectors and takes no codebook.`, {
    fix: "Leave codebook out, or choose PHENOTYPE_SHARES or PHENOTYPE_SETS.",
    path: ["codebook"],
  });
};

export type SimilarSlidesInput = SetInput & {
  slide: string;
  filter?: SlideFilter | null | undefined;
  excludeSamePatient: boolean;
};
export type SimilarPatientsInput = SetInput & { patient: string; filter?: PatientFilter | null | undefined };

export type SetHits<Row> = {
  hits: (Row & { distance: number; because: () => Promise<PatchHit[]> })[];
  search: SearchReport;
};

const MAX_HITS = 1000;

type Subject = "slide" | "patient";

/** The query's slide or patient, of the feature set's study. */
const requireOwn = async <S extends Subject>(
  { app }: GraphQLContext,
  study: Study,
  subject: S,
  id: string,
): Promise<S extends "slide" ? Slide : Patient> => {
  const type = subject === "slide" ? "Slide" : "Patient";
  const [studyKey, key] = requireId(type, id, [subject]).map(String) as [string, string];
  if (studyKey !== study.key) {
    throw new HistoError("BAD_ARGUMENT", `The ${subject} is of another study than the feature set.`, {
      fix: `Nothing crosses studies: take ${subject} and feature set from one.`,
      path: [subject],
    });
  }
  const where = { studyId_key: { studyId: study.id, key } };
  const row =
    subject === "slide" ? await app.prisma.slide.findUnique({ where }) : await app.prisma.patient.findUnique({ where });
  if (row) return row as S extends "slide" ? Slide : Patient;
  throw new HistoError("NOT_FOUND", `There is no such ${subject} in study "${study.key}".`, {
    fix: `Pass the \`id\` of a ${subject} of this study.`,
    path: [subject],
  });
};

const hasVectors = ({ vectorsState }: SetSlide): boolean => vectorsState !== null;

const noVectors = (subject: Subject, featureSet: FeatureSet): HistoError =>
  new HistoError(
    "NOT_FOUND",
    subject === "slide"
      ? `The slide has no complete set of vectors in feature set "${featureSet.key}".`
      : `No slide of the patient has a complete set of vectors in feature set "${featureSet.key}".`,
    { fix: "Embed it into this feature set with embedSlides, and wait until the job has ended.", path: [subject] },
  );

/** Each slide by itself, or the slides of each patient together; by id. */
const groupBy = (subject: Subject, slides: readonly SetSlide[]): SetCandidate[] =>
  [...Map.groupBy(slides, ({ slideId, patientId }) => (subject === "slide" ? slideId : patientId))]
    .map(([id, members]) => ({ id, slides: members }))
    .sort((a, b) => a.id - b.id);

const reasonOf = (subject: Subject, method: keyof typeof METHODS, matches: number, without: number, key: string) => {
  const compared = `${matches} ${subject}${matches === 1 ? " was" : "s were"} compared ${METHODS[method].how}`;
  if (without === 0) return `${compared}.`;
  return `${compared}; ${without} more pass${without === 1 ? "es" : ""} the filter but ${without === 1 ? "has" : "have"} no complete set of vectors in feature set "${key}".`;
};

type Asked = {
  subject: Subject;
  study: Study;
  featureSet: FeatureSet;
  input: SetInput;
  condition: Condition;
  ownId: number;
  /** Slides that may be hits among those that pass. */
  isCandidate: (slide: SetSlide) => boolean;
  /** Of all that may be hits, those that pass the filter, vectors or not; counted from the slides listed. */
  countPassing: (slides: readonly SetSlide[]) => Promise<number>;
};

const search = async (context: GraphQLContext, asked: Asked, first: number) => {
  const { subject, study, featureSet, input, condition, ownId } = asked;
  const method = requireVectorMethod(input);
  const { database } = context.app;
  const began = performance.now();
  const own = subject === "slide" ? { slideId: ownId } : { patientId: ownId };
  const listed = await readSetSlides(database, {
    studyId: study.id,
    featureSetId: featureSet.id,
    condition: subject === "slide" ? condition : { kind: "patients", of: condition },
    own,
  });
  const ofQuery = listed.filter((slide) => (subject === "slide" ? slide.slideId : slide.patientId) === ownId);
  const passing = listed.filter((slide) => slide.passes && asked.isCandidate(slide));
  const [query, candidates] = [ofQuery.filter(hasVectors), passing.filter(hasVectors)];
  if (query.length === 0) throw noVectors(subject, featureSet);
  const missing = [...query, ...candidates].filter(({ isSummarised }) => !isSummarised).map(({ slideId }) => slideId);
  const made = await requireSummaries(database, featureSet.id, missing, context.signal);
  const isReady = ({ slideId, isSummarised }: SetSlide) => isSummarised || made.has(slideId);
  if (!query.every(isReady)) throw noVectors(subject, featureSet);
  const groups = groupBy(subject, candidates.filter(isReady));
  const found = await METHODS[method].search({
    database,
    featureSetId: featureSet.id,
    subject,
    query,
    candidates: groups,
    first,
    signal: context.signal,
  });
  const tookMs = performance.now() - began;
  const without = (await asked.countPassing(passing)) - groups.length;
  const report: SearchReport = {
    strategy: "EXACT",
    matches: groups.length,
    matchesIsExact: true,
    scanned: found.scanned,
    isComplete: found.hits.length === Math.min(first, groups.length),
    recallBasis: "EXACT",
    recallEstimate: 1,
    reason: reasonOf(subject, method, groups.length, without, featureSet.key),
    tookMs,
  };
  return { found, report };
};

/** Reasons of hits, all in as many statements as those of one; read when the first is asked for. */
const becauseOf = (context: GraphQLContext, found: SetSearchResult) => {
  let read: Promise<PatchHit[][]> | undefined;
  const readAll = async (): Promise<PatchHit[][]> => {
    const reasons = await found.because();
    const patches = await hydrateHits(context, reasons.flat());
    const byId = new Map(patches.map(({ patch }) => [patch.id, patch]));
    return reasons.map((reason) =>
      reason.flatMap(({ patchId, distance }): PatchHit[] => {
        const patch = byId.get(patchId);
        return patch ? [{ patch, distance }] : [];
      }),
    );
  };
  return (index: number) => async (): Promise<PatchHit[]> => {
    read ??= readAll();
    return (await read)[index] ?? [];
  };
};

const notOf = (of: Condition): Condition => ({ kind: "not", of });

/** The feature set and its study, access to which is decided before anything is read. */
const begin = async (context: GraphQLContext, input: SetInput) => {
  authorize(context.viewer, "study:read", studyKeyOf(input.featureSet));
  const first = requirePageSize(input.first, MAX_HITS);
  const featureSet = await requireFeatureSet(context, input.featureSet);
  return { first, featureSet, study: await context.loaders.study.load(featureSet.studyId) };
};

/** Hits with their rows; one whose row was deleted since is left out. */
const withRows = async <Row, Key extends string>(
  rows: (ids: readonly number[]) => Promise<(Row | Error)[]>,
  key: Key,
  context: GraphQLContext,
  found: SetSearchResult,
) => {
  const loaded = await rows(found.hits.map(({ id }) => id));
  const because = becauseOf(context, found);
  return found.hits.flatMap(({ distance }, index) => {
    const row = loaded[index];
    if (row === undefined || row instanceof Error) return [];
    return [{ [key]: row, distance, because: because(index) } as Record<Key, Row> & SetHits<object>["hits"][number]];
  });
};

/**
 * The slides nearest to a slide. Exact by the method's own definition: every slide that passes the filter and has vectors is
 * compared.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, LIMIT_EXCEEDED, FORBIDDEN, and as resolveSlideFilter
 */
export const similarSlides = async (
  context: GraphQLContext,
  input: SimilarSlidesInput,
): Promise<SetHits<{ slide: Slide }>> => {
  const { first, featureSet, study } = await begin(context, input);
  const own = await requireOwn(context, study, "slide", input.slide);
  const condition = input.filter ? await resolveSlideFilter(context, study, input.filter, ["filter"]) : EVERYTHING;
  const { slide, patient } = context.loaders;
  if (isPhenotypeMethod(input.method)) {
    const { key } = await patient.load(own.patientId);
    const others: Condition[] = [
      notOf({ kind: "keys", keys: [own.key] }),
      ...(input.excludeSamePatient ? [notOf({ kind: "patients", of: { kind: "keys", keys: [key] } })] : []),
    ];
    const { found, report } = await searchByPhenotypes(context, {
      subject: "slide",
      study,
      featureSet,
      method: input.method,
      codebook: input.codebook,
      candidates: { kind: "all", of: [condition, ...others] },
      ownId: own.id,
      first,
    });
    return { hits: await withRows((ids) => slide.loadMany(ids), "slide", context, found), search: report };
  }
  const { found, report } = await search(
    context,
    {
      subject: "slide",
      study,
      featureSet,
      input,
      condition,
      ownId: own.id,
      isCandidate: ({ slideId, patientId }) =>
        slideId !== own.id && !(input.excludeSamePatient && patientId === own.patientId),
      countPassing: async (slides) => slides.length,
    },
    first,
  );
  return { hits: await withRows((ids) => slide.loadMany(ids), "slide", context, found), search: report };
};

/**
 * The patients whose slides are nearest to those of a patient; exact, as `similarSlides`.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, LIMIT_EXCEEDED, FORBIDDEN, and as resolvePatientFilter
 */
export const similarPatients = async (
  context: GraphQLContext,
  input: SimilarPatientsInput,
): Promise<SetHits<{ patient: Patient }>> => {
  const { first, featureSet, study } = await begin(context, input);
  const own = await requireOwn(context, study, "patient", input.patient);
  const condition = input.filter ? await resolvePatientFilter(context, study, input.filter, ["filter"]) : EVERYTHING;
  const { patient, lists } = context.loaders;
  const others: Condition = { kind: "all", of: [condition, notOf({ kind: "keys", keys: [own.key] })] };
  if (isPhenotypeMethod(input.method)) {
    const { found, report } = await searchByPhenotypes(context, {
      subject: "patient",
      study,
      featureSet,
      method: input.method,
      codebook: input.codebook,
      candidates: others,
      ownId: own.id,
      first,
    });
    return { hits: await withRows((ids) => patient.loadMany(ids), "patient", context, found), search: report };
  }
  const { found, report } = await search(
    context,
    {
      subject: "patient",
      study,
      featureSet,
      input,
      condition,
      ownId: own.id,
      isCandidate: ({ patientId }) => patientId !== own.id,
      // Of patients without a slide nothing is listed.
      countPassing: () => lists.patient.counts.load({ parent: { kind: "study", id: study.id }, condition: others }),
    },
    first,
  );
  return { hits: await withRows((ids) => patient.loadMany(ids), "patient", context, found), search: report };
};
