import { HistoError } from "../../platform/errors.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import { bagAttention, scoredPatchIds } from "../mil/attention.ts";
import type { SlideAttention } from "./attentionOfPatches.ts";

const gone = (): HistoError =>
  new HistoError("NOT_FOUND", "The score was deleted, or gives no attention any more.", {
    fix: "Ask without `score`, or with that of another model.",
  });

/**
 * What a score's bag says of the patches of those slides that are wanted, by their grids.
 * @throws HistoError NOT_FOUND when the score is gone, CONFLICT where a slide has other vectors than when it was scored
 */
export const readAttention = async (
  app: App,
  featureSet: FeatureSet,
  scoreId: number,
  gridIds: readonly number[],
): Promise<SlideAttention[]> => {
  const score = await app.prisma.milScore.findUnique({ where: { id: scoreId } });
  const bag = score && (await bagAttention(app, score));
  if (!score || !bag) throw gone();
  const wanted = new Set(gridIds);
  const slides = bag.slides.filter(({ gridId }) => wanted.has(gridId));
  return Promise.all(
    slides.map(async (slide) => ({
      gridId: slide.gridId,
      patchIds: await scoredPatchIds(app, score, featureSet.id, slide),
      weights: bag.weights.slice(slide.first, slide.first + slide.patches),
    })),
  );
};
