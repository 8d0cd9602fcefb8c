import type { FeatureSetResolvers } from "./../../types.generated.ts";
export const FeatureSet: Pick<FeatureSetResolvers, "codebooks" | "__isTypeOf"> = {
  /* Implement FeatureSet resolver logic here */
  codebooks: async (_parent, _arg, _ctx) => {
    /* FeatureSet.codebooks resolver is required because FeatureSet.codebooks exists but FeatureSetMapper.codebooks does not */
  },
};
