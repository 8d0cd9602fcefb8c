import type { FeatureSetState } from "../../store/checkpoints.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";
import { type Reduction, reductionOf } from "./reduce.projection.ts";

const staleReasonOf = ({ staleSlides, changedSlides }: FeatureSetState, reduction: Reduction | null): string | null => {
  const again = reduction ? `into "${reduction.source}" and reduceFeatureSet again` : "again";
  if (staleSlides > 0)
    return `The file or the resolution of ${staleSlides} slides has changed; run embedSlides ${again}.`;
  if (reduction === null || changedSlides === 0) return null;
  return `The vectors of ${changedSlides} slides in "${reduction.source}" are other ones now, or not complete; run reduceFeatureSet again when its jobs have ended.`;
};

export const featureSetLineage = async ({ loaders }: GraphQLContext, featureSet: FeatureSet) => {
  const [encoder, state] = await Promise.all([
    loaders.encoder.load(featureSet.encoderId),
    loaders.featureSetState.load(featureSet.id),
  ]);
  const reduction = reductionOf(featureSet);
  const staleReason = staleReasonOf(state, reduction);
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
      ...(reduction && { explainedVarianceRatio: reduction.explainedVarianceRatio ?? null }),
    },
    software: { ...(featureSet.software as object), providers: state.providers },
    trust: featureSet.trust,
    isStale: staleReason !== null,
    staleReason,
  };
};
