import type { QueryResolvers } from "../../../types.generated.ts";
import { listJobs } from "../../job.service.ts";

export const jobs: NonNullable<QueryResolvers["jobs"]> = (_parent, { studyKey, states, ...page }, context) =>
  listJobs(context, { studyKey, states }, page);
