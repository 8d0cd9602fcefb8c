import type { FeatureSet, SlideFeatures } from "../../store/generated/client.ts";

export type FeatureSetMapper = FeatureSet;
export type SlideFeaturesMapper = SlideFeatures;
