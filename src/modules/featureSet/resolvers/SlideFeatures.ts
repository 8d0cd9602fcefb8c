import type { SlideFeaturesResolvers } from "../../types.generated.ts";

export const SlideFeatures: SlideFeaturesResolvers = {
  featureSet: ({ featureSetId }, _arguments, { loaders }) => loaders.featureSet.load(featureSetId),
};
