import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJob } from "../../queue/jobs.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet, Job, MilModel } from "../../store/generated/client.ts";
import { type PatientFilter, resolvePatientFilter, resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { App, GraphQLContext } from "../context.ts";
import { type BagSource, findBags } from "./mil.bags.ts";
import { requireAssigned } from "./mil.plan.ts";
import { requireMilModel } from "./mil.service.ts";

/** The input ScoreMilModelInput. */
export type ScoreInput = {
  model: string;
  patients?: PatientFilter | null | undefined;
  slides?: SlideFilter | null | undefined;
};

/** What a SCORE job is told: the bags by their slides' keys. */
export type ScorePayload = { modelId: number; slides: string[] };

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

/**
 * Queues the scoring of whole bags.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT when the codebook has not assigned every slide
 */
export const scoreMilModel = async (context: GraphQLContext, input: ScoreInput): Promise<Job> => {
  const { app, loaders, viewer } = context;
  const model = await requireMilModel(context, input.model);
  const study = await loaders.study.load(model.studyId);
  authorize(viewer, "study:write", study.key);
  const featureSet = await loaders.featureSet.load(model.featureSetId);
  const bags = await findScored(app, model, featureSet, {
    kind: "all",
    of: [
      await resolveSlideFilter(context, study, input.slides ?? {}, ["slides"]),
      { kind: "patients", of: await resolvePatientFilter(context, study, input.patients ?? {}, ["patients"]) },
    ],
  });
  const build = await requireBuild(app, model);
  if (build) await requireAssigned(app, build, bags);
  const payload: ScorePayload = {
    modelId: model.id,
    slides: bags.flatMap(({ slides }) => slides.map(({ slideKey }) => slideKey)),
  };
  const id = await app.database.transaction(async (client) => {
    const jobId = await insertJob(client, {
      kind: "SCORE",
      studyId: study.id,
      createdBy: viewer.name,
      unit: model.unit === "PATIENT" ? "patients" : "slides",
      payload,
      resultId: String(model.id),
    });
    await app.queue.wake(client, [{ id: jobId, kind: "SCORE" }]);
    return jobId;
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};
