import type { MilScoreResolvers } from "./../../types.generated.ts";
export const MilScore: MilScoreResolvers = {
  /* Implement MilScore resolver logic here */
  clusterAttention: ({ clusterAttention }, _arg, _ctx) => {
    /* MilScore.clusterAttention resolver is required because MilScore.clusterAttention and MilScoreMapper.clusterAttention are not compatible */
    return clusterAttention;
  },
  heatmapTilesUrl: async (_parent, _arg, _ctx) => {
    /* MilScore.heatmapTilesUrl resolver is required because MilScore.heatmapTilesUrl exists but MilScoreMapper.heatmapTilesUrl does not */
  },
  heatmapUrl: async (_parent, _arg, _ctx) => {
    /* MilScore.heatmapUrl resolver is required because MilScore.heatmapUrl exists but MilScoreMapper.heatmapUrl does not */
  },
  id: ({ id }, _arg, _ctx) => {
    /* MilScore.id resolver is required because MilScore.id and MilScoreMapper.id are not compatible */
    return id;
  },
  lineage: async (_parent, _arg, _ctx) => {
    /* MilScore.lineage resolver is required because MilScore.lineage exists but MilScoreMapper.lineage does not */
  },
  model: async (_parent, _arg, _ctx) => {
    /* MilScore.model resolver is required because MilScore.model exists but MilScoreMapper.model does not */
  },
  patient: async (_parent, _arg, _ctx) => {
    /* MilScore.patient resolver is required because MilScore.patient exists but MilScoreMapper.patient does not */
  },
  slide: async (_parent, _arg, _ctx) => {
    /* MilScore.slide resolver is required because MilScore.slide exists but MilScoreMapper.slide does not */
  },
  topPatches: async (_parent, _arg, _ctx) => {
    /* MilScore.topPatches resolver is required because MilScore.topPatches exists but MilScoreMapper.topPatches does not */
  },
};
