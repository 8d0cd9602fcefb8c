import type { FeatureSet } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import { bagAttention, scoredPatchIds } from "../mil/attention.ts";
import type { AttentionOf } from "./export.rows.ts";

/**
 * What a score's bag says of patches; undefined without a score.
 * @throws HistoError CONFLICT, when used, where a slide has other vectors than when it was scored
 */
export const openAttention = async (
  app: App,
  featureSet: FeatureSet,
  scoreId: number | null,
): Promise<AttentionOf | undefined> => {
  const score = scoreId === null ? null : await app.prisma.milScore.findUnique({ where: { id: scoreId } });
  const bag = score && (await bagAttention(app, score));
  if (!score || !bag) return undefined;
  return async ({ gridId }, patchIds) => {
    const attention = new Float32Array(patchIds.length).fill(Number.NaN);
    const scored = bag.slides.find((slide) => slide.gridId === gridId);
    if (!scored) return attention;
    const ids = await scoredPatchIds(app, score, featureSet.id, scored);
    // Both ascend.
    for (let row = 0, place = 0; row < patchIds.length; row++) {
      while (place < ids.length && (ids[place] as number) < (patchIds[row] as number)) place++;
      if (ids[place] === patchIds[row]) attention[row] = bag.weights[scored.first + place] ?? Number.NaN;
    }
    return attention;
  };
};
