import type { FeatureSet } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";

export const featureSetLineage = async ({ loaders }: GraphQLContext, featureSet: FeatureSet) => {
  const [encoder, { staleSlides, providers }] = await Promise.all([
    loaders.encoder.load(featureSet.encoderId),
    loaders.featureSetState.load(featureSet.id),
  ]);
  const staleReason =
    staleSlides === 0
      ? null
      : `The file or the resolution of ${staleSlides} slides has changed; run embedSlides again.`;
  return {
    digest: featureSet.digest,
    createdAt: featureSet.createdAt,
    parameters: {
      encoder: { key: encoder.key, digest: encoder.digest },
      patchSize: featureSet.patchSize,
      micronsPerPixel: featureSet.micronsPerPixel,
      overlap: featureSet.overlap,
      minTissue: featureSet.minTissue,
      tissue: featureSet.tissue,
      preprocessing: featureSet.preprocessing,
      level: featureSet.level,
    },
    software: { ...(featureSet.software as object), providers },
    trust: featureSet.trust,
    isStale: staleReason !== null,
    staleReason,
  };
};
