import { authorize } from "../../platform/authorisation.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { insertJobTree } from "../../queue/jobs.ts";
import type { Queryable } from "../../store/database.ts";
import type { Encoder, FeatureSet, Job, Study } from "../../store/generated/client.ts";
import { createVectorTable } from "../../store/vectors.ts";
import { requireStudyKey, type SlideFilter } from "../base/filters.ts";
import type { App, GraphQLContext } from "../context.ts";
import { type GridRecipe, requireRecipe } from "../patch/grid.service.ts";
import { findSlideIds } from "../slide/slide.service.ts";
import { loadStudy, requireKey } from "../study/study.service.ts";
import { type PreprocessingInput, requirePreprocessing, storedPreprocessing } from "./preprocessing.ts";
import { reductionOf } from "./reduce.projection.ts";

type EmbedInput = {
  slides: SlideFilter;
  encoderKey: string;
  featureSetKey: string;
  grid: GridRecipe;
  preprocessing: PreprocessingInput;
};

export const findFeatureSet = (
  { app, viewer }: GraphQLContext,
  studyKey: string,
  key: string,
): Promise<FeatureSet | null> => {
  authorize(viewer, "study:read", studyKey);
  return app.prisma.featureSet.findFirst({ where: { key, study: { key: studyKey } } });
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

/** Slides that still need vectors: not finished with today's file and resolution, and not being worked on. */
const slidesToEmbed = async (
  client: Queryable,
  featureSet: FeatureSet,
  slideIds: readonly number[],
): Promise<number[]> => {
  const { rows } = await client.query<{ id: number }>(
    `SELECT slide.id FROM slide
     LEFT JOIN slide_features AS features ON features.slide_id = slide.id AND features.feature_set_id = $1
     LEFT JOIN patch_grid AS grid ON grid.id = features.grid_id
     LEFT JOIN slide_image AS image ON image.slide_id = slide.id
     WHERE slide.id = ANY($2::int[])
       AND NOT (coalesce(features.is_complete, false)
         AND grid.slide_checksum = image.checksum
         AND grid.microns_per_pixel_x = image.microns_per_pixel_x
         AND grid.microns_per_pixel_y = image.microns_per_pixel_y)
       AND NOT EXISTS (SELECT FROM job WHERE job.slide_id = slide.id AND job.kind = 'EMBED'
         AND job.state IN ('QUEUED', 'RUNNING') AND job.result_id = $3)
     ORDER BY slide.key`,
    [featureSet.id, slideIds, String(featureSet.id)],
  );
  return rows.map((row) => row.id);
};

/**
 * Queues the embedding of the slides that need it. Asking twice does nothing twice.
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
  const parentId = await app.database.transaction(async (client) => {
    // Whoever asks at the same time waits here, and then sees the jobs of the first.
    await client.query("SELECT FROM feature_set WHERE id = $1 FOR UPDATE", [featureSet.id]);
    const slideIds = await slidesToEmbed(client, featureSet, ids);
    if (slideIds.length === 0) return null;
    const { parentId: id, childIds } = await insertJobTree(
      client,
      {
        kind: "EMBED",
        studyId: study.id,
        createdBy: viewer.name,
        unit: "patches",
        payload: { featureSetId: featureSet.id },
        resultId: String(featureSet.id),
      },
      slideIds,
    );
    await app.queue.wake(
      client,
      childIds.map((child) => ({ id: child, kind: "EMBED" as const })),
    );
    return id;
  });
  if (parentId === null) return { featureSet, job: null };
  return { featureSet, job: await app.prisma.job.findUniqueOrThrow({ where: { id: parentId } }) };
};

/** Feature sets of a study that the viewer has been given already. */
export const listFeatureSets = ({ loaders, viewer }: GraphQLContext, study: Study): Promise<FeatureSet[]> => {
  authorize(viewer, "study:read", study.key);
  return loaders.studyFeatureSets.load(study.id);
};
