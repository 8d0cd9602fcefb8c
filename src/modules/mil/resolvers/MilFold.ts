import type { MilFoldResolvers } from "./../../types.generated.ts";
export const MilFold: MilFoldResolvers = {
  /* Implement MilFold resolver logic here */
  epochs: ({ epochs }, _arg, _ctx) => {
    /* MilFold.epochs resolver is required because MilFold.epochs and MilFoldMapper.epochs are not compatible */
    return epochs;
  },
  metrics: ({ metrics }, _arg, _ctx) => {
    /* MilFold.metrics resolver is required because MilFold.metrics and MilFoldMapper.metrics are not compatible */
    return metrics;
  },
};
