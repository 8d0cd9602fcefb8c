import { heatmapTilesUrl, heatmapUrl } from "../../pictures.ts";
import type { MilScoreResolvers } from "../../types.generated.ts";
import { clusterAttention, topPatches } from "../attention.service.ts";
import { milScoreLineage } from "../mil.lineage.ts";
import { idOfMilScore } from "../mil.service.ts";

export const MilScore: MilScoreResolvers = {
  id: (score, _arguments, context) => idOfMilScore(context, score),
  lineage: (score, _arguments, context) => milScoreLineage(context, score),
  model: ({ modelId }, _arguments, { loaders }) => loaders.milModel.load(modelId),
  patient: ({ patientId }, _arguments, { loaders }) => loaders.patient.load(patientId),
  slide: ({ slideId }, _arguments, { loaders }) => (slideId === null ? null : loaders.slide.load(slideId)),
  topPatches: (score, { first }, context) => topPatches(context, score, first ?? 12),
  clusterAttention: (score, _arguments, context) => clusterAttention(context, score),
  heatmapUrl: (score, { slide }, context) => heatmapUrl(context, score, slide),
  heatmapTilesUrl: (score, { slide }, context) => heatmapTilesUrl(context, score, slide),
};
