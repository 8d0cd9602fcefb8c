import type { FeatureSetResolvers } from "../../types.generated.ts";
import { listSearchIndexes } from "../searchIndex.service.ts";

export const FeatureSet: Pick<FeatureSetResolvers, "searchIndexes" | "__isTypeOf"> = {
  searchIndexes: (featureSet, _arguments, context) => listSearchIndexes(context, featureSet),
};
