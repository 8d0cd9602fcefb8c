import { type ClaimedJob, NeedsJobsError, settlePayload } from "../../queue/jobs.ts";
import type { App } from "../context.ts";
import { featureSetOf } from "../featureSet/featureSet.service.ts";
import { createLoaders } from "../loaders.ts";
import { requireCohortKey } from "./codebook.input.ts";
import { type CodebookPayload, type CodebookRequest, payloadOf, planCodebook } from "./codebook.service.ts";

/**
 * What a job has to do that waited for slides: planned now, as it would have been when it was asked for had they been there.
 * @returns null when another job has done all of it meanwhile
 * @throws HistoError as buildCodebook; NeedsJobsError when another job is at it
 */
const settleRequest = async (app: App, job: ClaimedJob, request: CodebookRequest): Promise<CodebookPayload | null> => {
  const { input } = request;
  const loaders = createLoaders(app);
  const featureSet = await featureSetOf(app, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  let payload: CodebookPayload | null = null;
  const plan = { study, featureSet, input, cohort: requireCohortKey(input, study) };
  const id = await planCodebook({ app, loaders }, plan, async (client, build, slides) => {
    payload = payloadOf(build, slides);
    await settlePayload(client, job, payload, String(build.id));
    return job.id;
  });
  if (id === job.id) return payload;
  const other = await app.prisma.job.findUniqueOrThrow({ where: { id } });
  if (other.state === "QUEUED" || other.state === "RUNNING") throw new NeedsJobsError([id]);
  await settlePayload(app.database, job, request, other.resultId ?? undefined);
  return null;
};

/** What a CODEBOOK job has to do; null when nothing is left. */
export const readPayload = async (app: App, job: ClaimedJob): Promise<CodebookPayload | null> =>
  "input" in job.payload ? settleRequest(app, job, job.payload as CodebookRequest) : (job.payload as CodebookPayload);
