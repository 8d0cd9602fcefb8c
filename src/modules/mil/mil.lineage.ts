import type { MilModel, MilScore } from "../../store/generated/client.ts";
import type { MilModelState } from "../../store/milModels.ts";
import type { GraphQLContext } from "../context.ts";

const staleReasonOf = ({ changedSlides, changedBags }: MilModelState): string | null => {
  if (changedSlides > 0) {
    return `The vectors of ${changedSlides} slides that it was trained on are other ones now, or gone; train again under another key.`;
  }
  if (changedBags > 0) {
    return `The labels of ${changedBags} patients or slides that it was trained on are other ones now, or gone; train again under another key.`;
  }
  return null;
};

export const milModelLineage = async ({ loaders }: GraphQLContext, model: MilModel) => {
  const staleReason = staleReasonOf(await loaders.milModelState.load(model.id));
  return {
    digest: model.digest,
    createdAt: model.createdAt,
    parameters: model.parameters,
    software: model.software,
    trust: model.trust,
    isStale: staleReason !== null,
    staleReason,
  };
};

export const milScoreLineage = async (context: GraphQLContext, score: MilScore) => {
  const { loaders } = context;
  const [model, changed] = await Promise.all([
    loaders.milModel.load(score.modelId),
    loaders.scoreChanges.load(score.id),
  ]);
  const ofModel = staleReasonOf(await loaders.milModelState.load(model.id));
  const staleReason =
    changed > 0
      ? `The vectors of ${changed} slides of its bag are other ones now, or gone; run scoreMilModel.`
      : ofModel && `Its model is stale: ${ofModel}`;
  return {
    digest: score.digest,
    createdAt: score.createdAt,
    parameters: { model: { key: model.key, digest: model.digest }, fold: score.fold, patches: score.patches },
    software: score.software,
    trust: model.trust,
    isStale: staleReason !== null,
    staleReason,
  };
};
