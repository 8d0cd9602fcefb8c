import { HistoError } from "../../platform/errors.ts";
import { decodeId, type NodeType, requireId } from "../../platform/ids.ts";
import type { Prisma } from "../../store/prisma.ts";

/** What the resolver types call PatientFilter and SlideFilter, reduced to what is built. */
export type PatientFilter = {
  studyKey?: string | null;
  ids?: readonly string[] | null;
  keys?: readonly string[] | null;
  slides?: SlideFilter | null;
  and?: readonly PatientFilter[] | null;
  or?: readonly PatientFilter[] | null;
  not?: PatientFilter | null;
};

export type SlideFilter = {
  studyKey?: string | null;
  ids?: readonly string[] | null;
  keys?: readonly string[] | null;
  stains?: readonly ("HE" | "IHC" | "FLUORESCENCE" | "OTHER" | "UNKNOWN")[] | null;
  patients?: PatientFilter | null;
  hasFeatureSet?: string | null;
  and?: readonly SlideFilter[] | null;
  or?: readonly SlideFilter[] | null;
  not?: SlideFilter | null;
};

const studyOf = (id: string): string | undefined => {
  const parts = decodeId(id)?.parts;
  return parts && parts.length > 1 ? String(parts[0]) : undefined;
};

/**
 * The study that a filter is about: said by `studyKey`, or by the ids in it. Nothing crosses studies.
 * @throws HistoError BAD_ARGUMENT
 */
export const requireStudyKey = (filter: PatientFilter | SlideFilter): string => {
  const named = filter.studyKey ?? (filter.ids?.[0] === undefined ? undefined : studyOf(filter.ids[0]));
  if (named !== undefined) return named;
  throw new HistoError("BAD_ARGUMENT", "The filter names no study.", {
    fix: 'Add studyKey: "…" to the filter; `studies` lists the keys.',
    path: ["filter", "studyKey"],
  });
};

const requireSameStudy = (studyKey: string, named: string | null | undefined): void => {
  if (named == null || named === studyKey) return;
  throw new HistoError("BAD_ARGUMENT", `The filter names two studies: "${studyKey}" and "${named}".`, {
    fix: "Ask each study in its own field; nothing crosses studies.",
    path: ["filter", "studyKey"],
  });
};

/** Natural keys inside global ids of one study; an id of another study or type is refused. */
const keysOfIds = (type: NodeType, ids: readonly string[], studyKey: string): string[] =>
  ids.map((id) => {
    const [study, key] = requireId(type, id, ["filter", "ids"]);
    requireSameStudy(studyKey, String(study));
    return String(key);
  });

/** Conditions that patients and slides share. */
const common = (type: "Patient" | "Slide", filter: PatientFilter | SlideFilter, studyKey: string) => {
  requireSameStudy(studyKey, filter.studyKey);
  return [
    ...(filter.ids ? [{ key: { in: keysOfIds(type, filter.ids, studyKey) } }] : []),
    ...(filter.keys ? [{ key: { in: [...filter.keys] } }] : []),
  ];
};

/** Prisma's condition for a patient filter within one study. */
export const patientWhere = (filter: PatientFilter, studyKey: string): Prisma.PatientWhereInput => ({
  AND: [
    { study: { key: studyKey } },
    ...common("Patient", filter, studyKey),
    ...(filter.slides ? [{ slides: { some: slideWhere(filter.slides, studyKey) } }] : []),
    ...(filter.and ?? []).map((part) => patientWhere(part, studyKey)),
    ...(filter.or ? [{ OR: filter.or.map((part) => patientWhere(part, studyKey)) }] : []),
    ...(filter.not ? [{ NOT: patientWhere(filter.not, studyKey) }] : []),
  ],
});

const hasFeatureSet = (id: string, studyKey: string): Prisma.SlideWhereInput => {
  const [study, key] = requireId("FeatureSet", id, ["filter", "hasFeatureSet"]);
  requireSameStudy(studyKey, String(study));
  return { features: { some: { vectors: { gt: 0 }, featureSet: { key: String(key), study: { key: studyKey } } } } };
};

/** Prisma's condition for a slide filter within one study. */
export const slideWhere = (filter: SlideFilter, studyKey: string): Prisma.SlideWhereInput => ({
  AND: [
    { study: { key: studyKey } },
    ...common("Slide", filter, studyKey),
    ...(filter.stains ? [{ stain: { in: [...filter.stains] } }] : []),
    ...(filter.patients ? [{ patient: patientWhere(filter.patients, studyKey) }] : []),
    ...(filter.hasFeatureSet ? [hasFeatureSet(filter.hasFeatureSet, studyKey)] : []),
    ...(filter.and ?? []).map((part) => slideWhere(part, studyKey)),
    ...(filter.or ? [{ OR: filter.or.map((part) => slideWhere(part, studyKey)) }] : []),
    ...(filter.not ? [{ NOT: slideWhere(filter.not, studyKey) }] : []),
  ],
});
