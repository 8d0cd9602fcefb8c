import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJob, type NewJob } from "../../queue/jobs.ts";
import type { Queryable } from "../../store/database.ts";
import type { Job } from "../../store/generated/client.ts";
import { findOpenTraining } from "../../store/milModels.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { queueBehind } from "../featureSet/underWay.ts";
import type { TrainInput } from "./mil.input.ts";
import { planTraining } from "./mil.plan.ts";
import { readRequest } from "./mil.request.ts";
import type { TrainPayload } from "./mil.train.jobs.ts";

const keyTaken = (key: string): HistoError =>
  new HistoError("CONFLICT", `There is a model "${key}" already, or one is being trained.`, {
    fix: "Choose another key: a model's scores keep the name that they were made under.",
    path: ["key"],
  });

/**
 * Queues the training of a head, after all has been checked that can be told without reading vectors. Asked twice for the same while it
 * is under way, the job of the first comes back. While slides are still being embedded, the job waits for them, and what can be
 * told of their patients is told when it begins.
 * @throws HistoError as `planTraining`; CONFLICT when the key is taken
 */
export const trainMilModel = async (context: GraphQLContext, input: TrainInput): Promise<Job> => {
  const { app, loaders, viewer } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(viewer, "study:write", study.key);
  const { condition, codebook } = await readRequest(context, featureSet, input);
  const job = (plan: string | null): NewJob => {
    const payload: TrainPayload = { featureSetId: featureSet.id, input, plan };
    return { kind: "TRAIN", studyId: study.id, createdBy: viewer.name, unit: "epochs", payload };
  };
  const reads = {
    featureSetId: featureSet.id,
    condition,
    codebookBuildId: codebook?.buildId,
  };
  const lockKey = async (client: Queryable) => {
    // Whoever asks at the same time waits here, and then sees the job of the first.
    await client.query("SELECT FROM study WHERE id = $1 FOR NO KEY UPDATE", [study.id]);
    const open = await findOpenTraining(client, study.id, input.key);
    const model = await client.query("SELECT FROM mil_model WHERE study_id = $1 AND key = $2", [study.id, input.key]);
    return { open, isTaken: open !== null || model.rowCount !== 0 };
  };
  const waiting = await app.database.transaction(async (client) => {
    const { open, isTaken } = await lockKey(client);
    const id = await queueBehind(client, job(null), reads);
    if (id !== null && isTaken && open?.id !== id) throw keyTaken(input.key);
    return id;
  });
  if (waiting !== null) return app.prisma.job.findUniqueOrThrow({ where: { id: waiting } });
  const plan = await planTraining(context, featureSet, input);
  const id = await app.database.transaction(async (client) => {
    const { open, isTaken } = await lockKey(client);
    if (open?.plan === plan.digest) return open.id;
    if (isTaken) throw keyTaken(input.key);
    const jobId = await insertJob(client, job(plan.digest));
    await app.queue.wake(client, [{ id: jobId, kind: "TRAIN" }]);
    return jobId;
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};
