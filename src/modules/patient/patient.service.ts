import { authorize } from "../../platform/authorisation.ts";
import { requireId } from "../../platform/ids.ts";
import type { Patient } from "../../store/generated/client.ts";
import type { Connection, PageArguments } from "../base/connections.ts";
import { type PatientFilter, resolvePatientFilter } from "../base/filters.ts";
import { listRows } from "../base/listing.ts";
import { type Order, resolveOrder } from "../base/order.ts";
import type { GraphQLContext } from "../context.ts";
import { loadStudy } from "../study/study.service.ts";

export type By = { id?: string | null; key?: { studyKey: string; key: string } | null };

/** Study key and own key out of `PatientBy` or `SlideBy`. */
export const naturalKey = (type: "Patient" | "Slide", by: By): { studyKey: string; key: string } => {
  if (by.key) return by.key;
  const [studyKey, key] = requireId(type, by.id ?? "", ["by", "id"]);
  return { studyKey: String(studyKey), key: String(key) };
};

export const findPatient = async ({ loaders, viewer }: GraphQLContext, by: By): Promise<Patient | null> => {
  const { studyKey, key } = naturalKey("Patient", by);
  authorize(viewer, "study:read", studyKey);
  const study = await loaders.studyByKey.load(studyKey);
  return study && loaders.patientByKey.load({ studyId: study.id, key });
};

/** Patients of a study. */
export const listPatients = async (
  context: GraphQLContext,
  studyKey: string,
  filter: PatientFilter,
  orderBy: readonly Order[] | null | undefined,
  page: PageArguments,
): Promise<Connection<Patient>> => {
  authorize(context.viewer, "study:read", studyKey);
  const study = await loadStudy(context, studyKey);
  const [condition, orderings] = await Promise.all([
    resolvePatientFilter(context, study, filter),
    resolveOrder(context, study, orderBy, "PATIENT"),
  ]);
  return listRows(context.loaders, "patient", { parent: { kind: "study", id: study.id }, condition, orderings }, page);
};
