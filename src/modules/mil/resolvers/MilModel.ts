import type { MilModelResolvers } from "./../../types.generated.ts";
export const MilModel: MilModelResolvers = {
  /* Implement MilModel resolver logic here */
  baselines: ({ baselines }, _arg, _ctx) => {
    /* MilModel.baselines resolver is required because MilModel.baselines and MilModelMapper.baselines are not compatible */
    return baselines;
  },
  codebook: async (_parent, _arg, _ctx) => {
    /* MilModel.codebook resolver is required because MilModel.codebook exists but MilModelMapper.codebook does not */
  },
  cohort: async (_parent, _arg, _ctx) => {
    /* MilModel.cohort resolver is required because MilModel.cohort exists but MilModelMapper.cohort does not */
  },
  featureSet: async (_parent, _arg, _ctx) => {
    /* MilModel.featureSet resolver is required because MilModel.featureSet exists but MilModelMapper.featureSet does not */
  },
  folds: async (_parent, _arg, _ctx) => {
    /* MilModel.folds resolver is required because MilModel.folds exists but MilModelMapper.folds does not */
  },
  id: ({ id }, _arg, _ctx) => {
    /* MilModel.id resolver is required because MilModel.id and MilModelMapper.id are not compatible */
    return id;
  },
  lineage: async (_parent, _arg, _ctx) => {
    /* MilModel.lineage resolver is required because MilModel.lineage exists but MilModelMapper.lineage does not */
  },
  metrics: ({ metrics }, _arg, _ctx) => {
    /* MilModel.metrics resolver is required because MilModel.metrics and MilModelMapper.metrics are not compatible */
    return metrics;
  },
  onnxUrl: async (_parent, _arg, _ctx) => {
    /* MilModel.onnxUrl resolver is required because MilModel.onnxUrl exists but MilModelMapper.onnxUrl does not */
  },
  scores: async (_parent, _arg, _ctx) => {
    /* MilModel.scores resolver is required because MilModel.scores exists but MilModelMapper.scores does not */
  },
  task: ({ task }, _arg, _ctx) => {
    /* MilModel.task resolver is required because MilModel.task and MilModelMapper.task are not compatible */
    return task;
  },
};
