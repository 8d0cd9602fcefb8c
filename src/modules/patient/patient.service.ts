import { authorize } from "../../platform/authorisation.ts";
import { requireId } from "../../platform/ids.ts";
import type { Patient } from "../../store/generated/client.ts";
import { type Connection, connect, type PageArguments } from "../base/connections.ts";
import { type PatientFilter, patientWhere } from "../base/filters.ts";
import { afterKey, type Order, requireKeyOrder } from "../base/order.ts";
import type { GraphQLContext } from "../context.ts";

export type By = { id?: string | null; key?: { studyKey: string; key: string } | null };

/** Study key and own key out of `PatientBy` or `SlideBy`. */
export const naturalKey = (type: "Patient" | "Slide", by: By): { studyKey: string; key: string } => {
  if (by.key) return by.key;
  const [studyKey, key] = requireId(type, by.id ?? "", ["by", "id"]);
  return { studyKey: String(studyKey), key: String(key) };
};

export const findPatient = async ({ app, viewer }: GraphQLContext, by: By): Promise<Patient | null> => {
  const { studyKey, key } = naturalKey("Patient", by);
  authorize(viewer, "study:read", studyKey);
  return app.prisma.patient.findFirst({ where: { key, study: { key: studyKey } } });
};

export const listPatients = (
  { app, viewer }: GraphQLContext,
  studyKey: string,
  filter: PatientFilter,
  orderBy: readonly Order[] | null | undefined,
  page: PageArguments,
): Promise<Connection<Patient>> => {
  authorize(viewer, "study:read", studyKey);
  const where = patientWhere(filter, studyKey);
  const direction = requireKeyOrder(orderBy);
  return connect(page, {
    find: (take, after) =>
      app.prisma.patient.findMany({
        where: { AND: [where, afterKey(direction, after?.[0])] },
        orderBy: { key: direction },
        take,
      }),
    cursorOf: (patient) => [patient.key],
    count: () => app.prisma.patient.count({ where }),
  });
};
