import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJob } from "../../queue/jobs.ts";
import type { Job } from "../../store/generated/client.ts";
import { findOpenTraining } from "../../store/milModels.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import type { TrainInput } from "./mil.input.ts";
import { planTraining } from "./mil.plan.ts";
import type { TrainPayload } from "./mil.train.jobs.ts";

const keyTaken = (key: string): HistoError =>
  new HistoError("CONFLICT", `There is a model "${key}" already, or one is being trained.`, {
    fix: "Choose another key: a model's scores keep the name that they were made under.",
    path: ["key"],
  });

/**
 * Queues the training of a head, after all has been checked that can be told without reading vectors. Asked twice for the same while it
 * is under way, the job of the first comes back.
 * @throws HistoError as `planTraining`; CONFLICT when the key is taken
 */
export const trainMilModel = async (context: GraphQLContext, input: TrainInput): Promise<Job> => {
  const { app, loaders, viewer } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(viewer, "study:write", study.key);
  const plan = await planTraining(context, featureSet, input);
  const payload: TrainPayload = { featureSetId: featureSet.id, input, plan: plan.digest };
  const id = await app.database.transaction(async (client) => {
    // Whoever asks at the same time waits here, and then sees the job of the first.
    await client.query("SELECT FROM study WHERE id = $1 FOR UPDATE", [study.id]);
    const open = await findOpenTraining(client, study.id, input.key);
    if (open?.plan === plan.digest) return open.id;
    const { rowCount } = await client.query("SELECT FROM mil_model WHERE study_id = $1 AND key = $2", [
      study.id,
      input.key,
    ]);
    if (open || rowCount !== 0) throw keyTaken(input.key);
    const jobId = await insertJob(client, {
      kind: "TRAIN",
      studyId: study.id,
      createdBy: viewer.name,
      unit: "epochs",
      payload,
    });
    await app.queue.wake(client, [{ id: jobId, kind: "TRAIN" }]);
    return jobId;
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};
