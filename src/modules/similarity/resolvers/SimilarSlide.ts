import type { SimilarSlideResolvers } from "../../types.generated.ts";

export const SimilarSlide: SimilarSlideResolvers = {
  because: ({ because }) => because(),
};
