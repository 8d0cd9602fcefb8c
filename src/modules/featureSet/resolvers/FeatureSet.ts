import { encodeId } from "../../../platform/ids.ts";
import { listSlides } from "../../slide/slide.service.ts";
import type { FeatureSetResolvers } from "../../types.generated.ts";
import { featureSetLineage } from "../featureSet.lineage.ts";

export const FeatureSet: FeatureSetResolvers = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("FeatureSet", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  encoder: ({ encoderId }, _arguments, { loaders }) => loaders.encoder.load(encoderId),
  vectors: async ({ id }, _arguments, { loaders }) => (await loaders.featureSetState.load(id)).vectors,
  slides: async ({ studyId, key }, page, context) => {
    const { key: studyKey } = await context.loaders.study.load(studyId);
    const hasFeatureSet = encodeId("FeatureSet", studyKey, key);
    return listSlides(context, studyKey, { hasFeatureSet }, null, page);
  },
  lineage: (featureSet, _arguments, context) => featureSetLineage(context, featureSet),
};
