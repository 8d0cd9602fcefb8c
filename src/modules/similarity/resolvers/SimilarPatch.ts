import type { SimilarPatchResolvers } from "../../types.generated.ts";

export const SimilarPatch: SimilarPatchResolvers = {
  similarity: ({ distance }) => 1 - distance,
};
