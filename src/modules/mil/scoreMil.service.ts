import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { type ClaimedJob, insertJob, NeedsJobsError, type NewJob, settlePayload } from "../../queue/jobs.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet, Job, MilModel, Study } from "../../store/generated/client.ts";
import { type PatientFilter, resolvePatientFilter, resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { App, GraphQLContext } from "../context.ts";
import { queueBehind, readAssigning } from "../featureSet/underWay.ts";
import { createLoaders } from "../loaders.ts";
import { type BagSource, findBags } from "./mil.bags.ts";
import { requireAssigned } from "./mil.plan.ts";
import { requireMilModel } from "./mil.service.ts";

/** The input ScoreMilModelInput. */
export type ScoreInput = {
  model: string;
  patients?: PatientFilter | null | undefined;
  slides?: SlideFilter | null | undefined;
};

/** What a SCORE job is told: the bags by their slides' keys, or the request while its slides are being embedded. */
export type ScorePayload = { modelId: number } & ({ slides: string[] } | { request: Omit<ScoreInput, "model"> });

/** The codebook build whose clusters a head reads; for patients' own codebooks the build of all of them. */
export const requireBuild = async (app: App, model: MilModel): Promise<{ buildId: number } | null> => {
  if (model.architecture !== "DEEP_ATTN_MISL") return null;
  const codebook =
    model.codebookId === null ? null : await app.prisma.codebook.findUnique({ where: { id: model.codebookId } });
  if (codebook) return { buildId: codebook.buildId };
  throw new HistoError("NOT_FOUND", "The codebook that the model reads was deleted.", {
    fix: "Build it again with buildCodebook, and train a new model.",
    path: ["model"],
  });
};

/** @throws HistoError NOT_FOUND, BAD_ARGUMENT */
export const findScored = async (
  app: App,
  model: MilModel,
  featureSet: FeatureSet,
  condition: Condition,
): Promise<BagSource[]> => {
  const bags = await findBags(app, featureSet, model.unit, condition);
  if (bags.length === 0) {
    throw new HistoError(
      "NOT_FOUND",
      `Feature set "${featureSet.key}" has no slide with all of its vectors that passes the filter.`,
      {
        fix: "Embed slides into it with embedSlides, or widen the filter.",
        path: ["patients"],
      },
    );
  }
  return bags;
};

const bagsCondition = async (
  context: Pick<GraphQLContext, "app" | "loaders">,
  study: Study,
  { slides, patients }: Omit<ScoreInput, "model">,
): Promise<Condition> => ({
  kind: "all",
  of: [
    await resolveSlideFilter(context, study, slides ?? {}, ["slides"]),
    { kind: "patients", of: await resolvePatientFilter(context, study, patients ?? {}, ["patients"]) },
  ],
});

const keysOf = (bags: readonly BagSource[]): string[] =>
  bags.flatMap(({ slides }) => slides.map(({ slideKey }) => slideKey));

/**
 * The slides that a job scores. One that waited for them finds out now, and keeps to it.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT; NeedsJobsError while the codebook follows them
 */
export const settleSlides = async (
  app: App,
  job: ClaimedJob,
  model: MilModel & { featureSet: FeatureSet },
): Promise<string[]> => {
  const payload = job.payload as ScorePayload;
  if ("slides" in payload) return payload.slides;
  const build = await requireBuild(app, model);
  const assigning = build ? await readAssigning(app.database, build.buildId) : [];
  if (assigning.length > 0) throw new NeedsJobsError(assigning);
  const loaders = createLoaders(app);
  const study = await loaders.study.load(model.studyId);
  const condition = await bagsCondition({ app, loaders }, study, payload.request);
  const bags = await findScored(app, model, model.featureSet, condition);
  if (build) await requireAssigned(app, build, bags);
  const slides = keysOf(bags);
  await settlePayload(app.database, job, { modelId: model.id, slides });
  return slides;
};

/**
 * Queues the scoring of whole bags. While slides are still being embedded, the job waits for them.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT when the codebook has not assigned every slide
 */
export const scoreMilModel = async (context: GraphQLContext, input: ScoreInput): Promise<Job> => {
  const { app, loaders, viewer } = context;
  const model = await requireMilModel(context, input.model);
  const study = await loaders.study.load(model.studyId);
  authorize(viewer, "study:write", study.key);
  const featureSet = await loaders.featureSet.load(model.featureSetId);
  const condition = await bagsCondition(context, study, input);
  const build = await requireBuild(app, model);
  const job = (payload: ScorePayload): NewJob => ({
    kind: "SCORE",
    studyId: study.id,
    createdBy: viewer.name,
    unit: model.unit === "PATIENT" ? "patients" : "slides",
    payload,
    resultId: String(model.id),
  });
  const { patients = null, slides = null } = input;
  const waiting = await app.database.transaction((client) =>
    queueBehind(client, job({ modelId: model.id, request: { patients, slides } }), {
      featureSetId: featureSet.id,
      condition,
      codebookBuildId: build?.buildId,
    }),
  );
  if (waiting !== null) return app.prisma.job.findUniqueOrThrow({ where: { id: waiting } });
  const bags = await findScored(app, model, featureSet, condition);
  if (build) await requireAssigned(app, build, bags);
  const id = await app.database.transaction(async (client) => {
    const jobId = await insertJob(client, job({ modelId: model.id, slides: keysOf(bags) }));
    await app.queue.wake(client, [{ id: jobId, kind: "SCORE" }]);
    return jobId;
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};
