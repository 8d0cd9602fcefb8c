import { authorize } from "../../platform/authorisation.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { Encoder, FeatureSet, Job, Study } from "../../store/generated/client.ts";
import { createVectorTable } from "../../store/vectors.ts";
import { requireStudyKey, type SlideFilter } from "../base/filters.ts";
import type { App, GraphQLContext } from "../context.ts";
import { type GridRecipe, requireRecipe } from "../patch/grid.service.ts";
import { findSlideIds } from "../slide/slide.service.ts";
import { loadStudy, requireKey } from "../study/study.service.ts";
import { planEmbedding } from "./embed.plan.ts";
import { type PreprocessingInput, requirePreprocessing, storedPreprocessing } from "./preprocessing.ts";
import { reductionOf } from "./reduce.projection.ts";

type EmbedInput = {
  slides: SlideFilter;
  encoderKey: string;
  featureSetKey: string;
  grid: GridRecipe;
  preprocessing: PreprocessingInput;
};

export const findFeatureSet = async (
  { loaders, viewer }: GraphQLContext,
  studyKey: string,
  key: string,
): Promise<FeatureSet | null> => {
  authorize(viewer, "study:read", studyKey);
  const study = await loaders.studyByKey.load(studyKey);
  return study && loaders.featureSetByKey.load({ studyId: study.id, key });
};

/** The feature set of an id that has been authorised before, as a job's is. @throws HistoError NOT_FOUND */
export const featureSetOf = async (app: App, id: string): Promise<FeatureSet> => {
  const [studyKey, key] = requireId("FeatureSet", id, ["featureSet"]).map(String);
  const found = await app.prisma.featureSet.findFirst({ where: { key: key ?? "", study: { key: studyKey ?? "" } } });
  if (found) return found;
  throw new HistoError("NOT_FOUND", `There is no feature set "${key}" any more.`, {
    fix: "Make it again, and ask again.",
  });
};

/** @throws HistoError NOT_FOUND, FORBIDDEN */
export const requireFeatureSet = async (
  context: GraphQLContext,
  id: string,
  path: readonly string[] = ["featureSet"],
): Promise<FeatureSet> => {
  const [studyKey, key] = requireId("FeatureSet", id, path);
  const found = await findFeatureSet(context, String(studyKey), String(key));
  if (found) return found;
  throw new HistoError("NOT_FOUND", `There is no feature set "${key}" in study "${studyKey}".`, {
    fix: "`study(key) { featureSets { key id } }` lists them; embedSlides makes one.",
    path,
  });
};

/** @throws HistoError NOT_FOUND, ENCODER_HAS_NO_MODEL */
const requireEncoder = async (app: App, key: string): Promise<Encoder & { digest: string }> => {
  const encoder = await app.prisma.encoder.findUnique({ where: { key } });
  if (!encoder) {
    throw new HistoError("NOT_FOUND", `There is no encoder "${key}".`, {
      fix: "`encoders { key }` lists them; registerEncoder adds one.",
      path: ["encoderKey"],
    });
  }
  if (encoder.digest === null) {
    throw new HistoError("ENCODER_HAS_NO_MODEL", `Encoder "${key}" is known by name only.`, {
      fix: "Give its ONNX file with registerEncoder.",
      path: ["encoderKey"],
    });
  }
  return { ...encoder, digest: encoder.digest };
};

/** @throws HistoError CONFLICT when the key stands for vectors made another way */
const requireSameRecipe = (existing: FeatureSet, digest: string): FeatureSet => {
  if (existing.digest === digest) return existing;
  const reduction = reductionOf(existing);
  if (reduction) {
    throw new HistoError("CONFLICT", `Feature set "${existing.key}" holds components of "${reduction.source}".`, {
      fix: `Embed the slides into "${reduction.source}", then ask reduceFeatureSet for "${existing.key}" again.`,
      path: ["featureSetKey"],
    });
  }
  throw new HistoError(
    "CONFLICT",
    `Feature set "${existing.key}" was made with another encoder, grid or preprocessing; its vectors and these could not be compared.`,
    { fix: "Choose another featureSetKey, or repeat the feature set's own parameters.", path: ["featureSetKey"] },
  );
};

const ensureFeatureSet = async (
  app: App,
  study: Study,
  encoder: Encoder & { digest: string },
  input: EmbedInput,
): Promise<FeatureSet> => {
  const key = requireKey(input.featureSetKey, ["featureSetKey"]);
  const recipe = requireRecipe(input.grid);
  const preprocessing = storedPreprocessing(requirePreprocessing(input.preprocessing, recipe));
  const digest = digestOf({ encoder: encoder.digest, ...recipe, preprocessing, level: "PATCH" });
  const where = { studyId_key: { studyId: study.id, key } };
  const known = await app.prisma.featureSet.findUnique({ where });
  if (known) return requireSameRecipe(known, digest);
  await app.database.transaction(async (client) => {
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue,
         preprocessing, dims, digest, software)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::tissue_method, $9, $10, $11, $12)
       ON CONFLICT (study_id, key) DO NOTHING RETURNING id`,
      [
        study.id,
        key,
        encoder.id,
        recipe.patchSize,
        recipe.micronsPerPixel,
        recipe.overlap,
        recipe.minTissue,
        recipe.tissue,
        preprocessing,
        encoder.dims,
        digest,
        { histoql: app.version, onnxruntime: app.onnxruntimeVersion },
      ],
    );
    if (rows[0]) await createVectorTable(client, rows[0].id, encoder.dims);
  });
  return requireSameRecipe(await app.prisma.featureSet.findUniqueOrThrow({ where }), digest);
};

/**
 * Queues the embedding of the slides that need it, and their tiling before. Asking twice does nothing twice: where another
 * request has asked for all of it, its job is the answer.
 * @throws HistoError NOT_FOUND, ENCODER_HAS_NO_MODEL, CONFLICT, BAD_ARGUMENT, FORBIDDEN
 */
export const embedSlides = async (
  context: GraphQLContext,
  input: EmbedInput,
): Promise<{ featureSet: FeatureSet; job: Job | null }> => {
  const { app, viewer } = context;
  const studyKey = requireStudyKey(input.slides, ["slides"]);
  authorize(viewer, "study:write", studyKey);
  const study = await loadStudy(context, studyKey);
  const encoder = await requireEncoder(app, input.encoderKey);
  const ids = await findSlideIds(context, study, input.slides, ["slides"]);
  if (ids.length === 0) {
    throw new HistoError("NOT_FOUND", `No slide of study "${studyKey}" passes the filter.`, {
      fix: "Register slides with registerSlides, or widen the filter.",
      path: ["slides"],
    });
  }
  const featureSet = await ensureFeatureSet(app, study, encoder, input);
  const jobId = await app.database.transaction(async (client) => {
    // Whoever asks at the same time waits here, and then sees the jobs of the first.
    await client.query("SELECT FROM feature_set WHERE id = $1 FOR NO KEY UPDATE", [featureSet.id]);
    const plan = await planEmbedding(client, featureSet, ids, viewer.name);
    if (plan) await app.queue.wake(client, plan.queued);
    return plan?.jobId ?? null;
  });
  if (jobId === null) return { featureSet, job: null };
  return { featureSet, job: await app.prisma.job.findUniqueOrThrow({ where: { id: jobId } }) };
};

/** Feature sets of a study that the viewer has been given already. */
export const listFeatureSets = ({ loaders, viewer }: GraphQLContext, study: Study): Promise<FeatureSet[]> => {
  authorize(viewer, "study:read", study.key);
  return loaders.studyFeatureSets.load(study.id);
};
