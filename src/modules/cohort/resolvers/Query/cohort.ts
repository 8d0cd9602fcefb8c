import type { QueryResolvers } from "../../../types.generated.ts";
import { findCohort } from "../../cohort.service.ts";

export const cohort: NonNullable<QueryResolvers["cohort"]> = (_parent, { studyKey, key }, context) =>
  findCohort(context, studyKey, key);
