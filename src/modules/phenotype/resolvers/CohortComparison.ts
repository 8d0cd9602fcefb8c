import type { CohortComparisonResolvers } from "../../types.generated.ts";

export const CohortComparison: Pick<CohortComparisonResolvers, "phenotypes"> = {};
