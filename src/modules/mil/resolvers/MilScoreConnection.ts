import type { MilScoreConnectionResolvers } from "./../../types.generated.ts";
export const MilScoreConnection: MilScoreConnectionResolvers = {
  /* Implement MilScoreConnection resolver logic here */
  totalCount: ({ totalCount }, _arg, _ctx) => {
    /* MilScoreConnection.totalCount resolver is required because MilScoreConnection.totalCount and MilScoreConnectionMapper.totalCount are not compatible */
    return totalCount;
  },
};
