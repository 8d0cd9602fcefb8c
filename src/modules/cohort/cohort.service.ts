import { authorize } from "../../platform/authorisation.ts";
import type { Cohort } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";

/** The cohort of a key, or null. */
export const findCohort = ({ app, viewer }: GraphQLContext, studyKey: string, key: string): Promise<Cohort | null> => {
  authorize(viewer, "study:read", studyKey);
  return app.prisma.cohort.findFirst({ where: { key, study: { key: studyKey } } });
};
