import { encodeId } from "../../../platform/ids.ts";
import type { JobResolvers } from "../../types.generated.ts";
import { readResult } from "../job.result.ts";
import { listChildren, listFailures } from "../job.service.ts";

export const Job: JobResolvers = {
  id: ({ id }) => encodeId("Job", id),
  study: ({ studyId }, _arguments, { loaders }) => (studyId === null ? null : loaders.study.load(studyId)),
  progress: ({ id }, _arguments, { loaders }) => loaders.jobProgress.load(id),
  failures: (job, page, context) => listFailures(context, job, page),
  children: (job, page, context) => listChildren(context, job, page),
  result: (job, _arguments, context) => readResult(context, job),
};
