import type { CohortComparisonResolvers } from "./../../types.generated.ts";
export const CohortComparison: Pick<CohortComparisonResolvers, "phenotypes"> = {
  /* Implement CohortComparison resolver logic here */
  phenotypes: async (_parent, _arg, _ctx) => {
    /* CohortComparison.phenotypes resolver is required because CohortComparison.phenotypes exists but CohortComparisonMapper.phenotypes does not */
  },
};
