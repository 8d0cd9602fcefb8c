import type { BagScore, ImportedScore } from "../../learning/mil/index.ts";
import { digestOf } from "../../platform/digest.ts";
import type { NewMilScore } from "../../store/milScores.ts";
import type { App } from "../context.ts";
import { bytesOf } from "../phenotype/vectorBytes.ts";
import { type BagSource, bagSnapshot } from "./mil.bags.ts";
import type { StoredTask } from "./mil.task.ts";

/** A score as it is stored, but for the model's id; the attention's numbers go to the artefacts. */
export type UnboundScore = Omit<NewMilScore, "modelId">;

type Place = {
  fold: number | null;
  isOutOfFold: boolean;
  /** Mean risk of the patients that the head learnt from; null where it is not known. */
  meanRisk: number | null;
  /** Digest of the head. */
  model: string;
  software: object;
};

export const storedScore = async (
  app: App,
  task: StoredTask,
  bag: BagSource,
  score: BagScore | ImportedScore,
  { fold, isOutOfFold, meanRisk, model, software }: Place,
): Promise<UnboundScore> => {
  let first = 0;
  const slides = bag.slides.map(({ slideId, gridId, patches, completedAt }) => {
    const placed = { slideId, gridId, patches, completedAt, first };
    first += patches;
    return placed;
  });
  const { probabilities, risk } = score;
  return {
    patientId: bag.patientId,
    slideId: bag.slideId,
    fold,
    isOutOfFold,
    risk,
    centredRisk: risk === null || meanRisk === null ? null : risk - meanRisk,
    probabilities:
      task.kind === "CLASSIFICATION" && probabilities
        ? Object.fromEntries(task.classes.map((name, index) => [name, probabilities[index] ?? 0]))
        : null,
    survival: score.survival,
    value: score.value,
    patches: bag.patches,
    attentionDigest: score.attention && (await app.artefacts.put(bytesOf(score.attention))),
    clusterAttention: score.clusterAttention && Array.from(score.clusterAttention),
    digest: digestOf({ model, fold, bag: bagSnapshot(bag) }),
    software,
    slides,
  };
};

export const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
