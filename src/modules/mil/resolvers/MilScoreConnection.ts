import type { MilScoreConnectionResolvers } from "../../types.generated.ts";

export const MilScoreConnection: MilScoreConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
