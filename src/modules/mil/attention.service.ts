import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import type { MilScore } from "../../store/generated/client.ts";
import { gridIdOf, type PatchRow } from "../../store/patches.ts";
import { requirePageSize } from "../base/connections.ts";
import type { GraphQLContext } from "../context.ts";
import { bagAttention, scoredPatchIds } from "./attention.ts";
import { requireMilScore } from "./mil.service.ts";
import { heaviest } from "./percentiles.ts";

const authorizeScore = async ({ loaders, viewer }: GraphQLContext, score: MilScore) => {
  const model = await loaders.milModel.load(score.modelId);
  authorize(viewer, "study:read", (await loaders.study.load(model.studyId)).key);
  return model;
};

/** The place of an id among ascending ones; -1 where it is not there. */
const placeOf = (ids: Float64Array, id: number): number => {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id ? low : -1;
};

/** A patch's weight in a score's bag; null when it is not in the bag, or the head gives no attention. */
export const attentionOfPatch = async (
  context: GraphQLContext,
  patch: PatchRow,
  scoreId: string,
): Promise<number | null> => {
  const score = await requireMilScore(context, scoreId);
  const model = await context.loaders.milModel.load(score.modelId);
  const bag = await bagAttention(context.app, score);
  const slide = bag?.slides.find(({ gridId }) => gridId === gridIdOf(patch.id));
  if (!bag || !slide) return null;
  const place = placeOf(await scoredPatchIds(context.app, score, model.featureSetId, slide), patch.id);
  return place < 0 ? null : (bag.weights[slide.first + place] ?? null);
};

/** The patches that weighed most, heaviest first; none where the head gives no attention. */
export const topPatches = async (
  context: GraphQLContext,
  score: MilScore,
  first: number,
): Promise<{ patch: PatchRow; attention: number }[]> => {
  requirePageSize(first);
  const { app, loaders } = context;
  const { featureSetId } = await authorizeScore(context, score);
  const bag = await bagAttention(app, score);
  if (!bag) return [];
  const found = await Promise.all(
    heaviest(bag.weights, first).map(async (index) => {
      const slide = bag.slides.findLast((each) => each.first <= index);
      const ids = slide && (await scoredPatchIds(app, score, featureSetId, slide));
      const patch = ids && (await loaders.patch.load(ids[index - slide.first] ?? -1));
      return patch ? [{ patch, attention: bag.weights[index] ?? 0 }] : [];
    }),
  );
  return found.flat();
};

/** The phenotypes of the bag by their weight, heaviest first; null unless the head weighs clusters. */
export const clusterAttention = async (context: GraphQLContext, score: MilScore) => {
  const { app, loaders } = context;
  const model = await authorizeScore(context, score);
  const weights = score.clusterAttention as number[] | null;
  if (!weights) return null;
  const named = model.codebookId === null ? null : await loaders.codebook.load(model.codebookId);
  const codebook =
    named?.build.scope === "PATIENT"
      ? await app.prisma.codebook.findFirst({
          where: { buildId: named.buildId, patientId: score.patientId },
          include: { build: true },
        })
      : named;
  const phenotypes = codebook ? await loaders.phenotypes.load(codebook.id) : [];
  return weights
    .map((attention, index) => {
      const phenotype = phenotypes.find((each) => each.index === index);
      return { index, attention, phenotype: phenotype && codebook ? { ...phenotype, codebook } : null };
    })
    .filter(({ attention }) => attention > 0)
    .sort((a, b) => b.attention - a.attention);
};

/**
 * The slide of a score's bag that a picture is asked of.
 * @throws HistoError BAD_ARGUMENT when it is not in the bag, or there is no attention; SLIDE_HAS_NO_IMAGE
 */
export const requireHeatmap = async (context: GraphQLContext, score: MilScore, slideKey: string): Promise<void> => {
  const { app, loaders } = context;
  const model = await authorizeScore(context, score);
  const slide = await app.prisma.slide.findUnique({
    where: { studyId_key: { studyId: model.studyId, key: slideKey } },
  });
  const slides = await loaders.scoredSlides.load(score.id);
  if (!slide || !slides.some(({ slideId }) => slideId === slide.id)) {
    throw new HistoError("BAD_ARGUMENT", `Slide ${slideKey.slice(0, 100)} is not in the bag of this score.`, {
      fix: "Ask for a slide of the scored patient that has vectors in the model's feature set.",
      path: ["slide"],
    });
  }
  if (score.attentionDigest === null) {
    throw new HistoError("BAD_ARGUMENT", "The head gives no attention.", {
      fix: "Import it again with attentionOutput, if it has such an output.",
      path: ["score"],
    });
  }
  if (await loaders.slideImage.load(slide.id)) return;
  throw new HistoError("SLIDE_HAS_NO_IMAGE", `Slide ${slide.key} has no image.`, {
    fix: "Register its file with registerSlides.",
    path: ["slide"],
  });
};
