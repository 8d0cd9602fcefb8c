import type { CohortComparisonResolvers } from "../../types.generated.ts";

export const CohortComparison: CohortComparisonResolvers = {
  typicalOfA: ({ typicalOfA }) => typicalOfA(),
  typicalOfB: ({ typicalOfB }) => typicalOfB(),
};
