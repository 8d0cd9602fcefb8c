import type { SimilarPhenotypeResolvers } from "../../types.generated.ts";

export const SimilarPhenotype: SimilarPhenotypeResolvers = {};
