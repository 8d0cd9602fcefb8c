import type { CohortComparisonResolvers } from "../../types.generated.ts";

export const CohortComparison: Pick<
  CohortComparisonResolvers,
  "featureDistance" | "rows" | "typicalOfA" | "typicalOfB"
> = {
  typicalOfA: ({ typicalOfA }) => typicalOfA(),
  typicalOfB: ({ typicalOfB }) => typicalOfB(),
};
