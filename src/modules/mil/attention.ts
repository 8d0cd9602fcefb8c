import { HistoError } from "../../platform/errors.ts";
import { readPatchIds } from "../../store/codebookVectors.ts";
import type { MilScore } from "../../store/generated/client.ts";
import { readScoredSlides, type ScoredSlide } from "../../store/milScores.ts";
import { createRecent } from "../base/recent.ts";
import type { App } from "../context.ts";
import { floatsOf } from "../phenotype/vectorBytes.ts";
import { type Decile, decilesOf, percentilesOf } from "./percentiles.ts";

/** The attention of a score's bag, slide after slide, patch ids ascending. */
export type BagAttention = {
  slides: ScoredSlide[];
  weights: Float32Array;
  /** Of each patch among all of the bag. */
  percentiles: Uint16Array;
  deciles: Decile[];
};

/** Numbers that are kept in memory, over all scores. */
const recent = createRecent(2 ** 24);

const nameOf = ({ id, attentionDigest, createdAt }: MilScore): string =>
  `${id}/${attentionDigest}/${createdAt.getTime()}`;

/** The attention of a whole bag; null where the head gives none. */
export const bagAttention = async (app: App, score: MilScore): Promise<BagAttention | null> => {
  const { attentionDigest } = score;
  if (attentionDigest === null) return null;
  return recent(app, nameOf(score), 2 * score.patches, async () => {
    const [slides] = await readScoredSlides(app.database, [score.id]);
    const weights = floatsOf(await app.artefacts.get(attentionDigest));
    const percentiles = percentilesOf(weights);
    return { slides: slides ?? [], weights, percentiles, deciles: decilesOf(weights, percentiles) };
  });
};

/**
 * Ids of the patches of one slide of the bag, as they were when it was scored.
 * @throws HistoError CONFLICT when they are other ones now
 */
export const scoredPatchIds = async (
  app: App,
  score: MilScore,
  featureSetId: number,
  slide: ScoredSlide,
): Promise<Float64Array> => {
  const ids = await recent(app, `${nameOf(score)}/${slide.slideId}`, 2 * slide.patches, async () =>
    readPatchIds(app.database, featureSetId, [slide]),
  );
  if (ids) return ids;
  throw new HistoError("CONFLICT", "The slide has other vectors than when it was scored.", {
    fix: "Run scoreMilModel again; an out-of-fold score needs a new training.",
  });
};
