import type { FeatureSetResolvers } from "../../types.generated.ts";
import { listFeatureSetCodebooks } from "../phenotype.service.ts";

export const FeatureSet: Pick<FeatureSetResolvers, "codebooks" | "__isTypeOf"> = {
  codebooks: (featureSet, _arguments, context) => listFeatureSetCodebooks(context, featureSet),
};
