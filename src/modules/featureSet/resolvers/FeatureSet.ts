import { encodeId } from "../../../platform/ids.ts";
import { listSlidesOf } from "../../slide/slide.service.ts";
import type { FeatureSetResolvers } from "../../types.generated.ts";
import { featureSetLineage } from "../featureSet.lineage.ts";

export const FeatureSet: Pick<
  FeatureSetResolvers,
  | "dims"
  | "encoder"
  | "id"
  | "key"
  | "level"
  | "lineage"
  | "micronsPerPixel"
  | "overlap"
  | "patchSize"
  | "preprocessing"
  | "slides"
  | "study"
  | "vectors"
  | "__isTypeOf"
> = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("FeatureSet", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  encoder: ({ encoderId }, _arguments, { loaders }) => loaders.encoder.load(encoderId),
  vectors: async ({ id }, _arguments, { loaders }) => (await loaders.featureSetState.load(id)).vectors,
  slides: (featureSet, page, context) => listSlidesOf(context, "featureSet", featureSet, null, page),
  lineage: (featureSet, _arguments, context) => featureSetLineage(context, featureSet),
};
