import { QUALITY_VERSION } from "../../inference/quality-graph.ts";
import { HistoError } from "../../platform/errors.ts";
import { STAIN_TARGETS, type StainMethod } from "../../slides/index.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import type { GridRecipe } from "../patch/grid.service.ts";

/** The input PreprocessingInput. */
export type PreprocessingInput = { stainNormalization: "NONE" | StainMethod; qualityControl: boolean };

/** Raised whenever the same slide and target would give other pixels. */
const STAIN_VERSION = 1;

/**
 * What is stored of a preprocessing and digested: all that decides which numbers come out. What is not asked for leaves no
 * trace, so that feature sets made before there was such a thing keep their digests.
 */
export const storedPreprocessing = ({ stainNormalization, qualityControl }: PreprocessingInput) => ({
  stainNormalization,
  ...(stainNormalization !== "NONE" && {
    stainVersion: STAIN_VERSION,
    stainTarget: STAIN_TARGETS[stainNormalization],
  }),
  ...(qualityControl && { qualityControl, qualityVersion: QUALITY_VERSION }),
});

type Stored = Partial<ReturnType<typeof storedPreprocessing>>;

const storedOf = ({ preprocessing }: Pick<FeatureSet, "preprocessing">): Stored => (preprocessing ?? {}) as Stored;

/** How a feature set evens out staining; null when it does not. */
export const stainMethodOf = (featureSet: Pick<FeatureSet, "preprocessing">): StainMethod | null => {
  const { stainNormalization } = storedOf(featureSet);
  return stainNormalization === "MACENKO" || stainNormalization === "REINHARD" ? stainNormalization : null;
};

/** Whether the quality of a feature set's patches is measured. */
export const hasQualityControl = (featureSet: Pick<FeatureSet, "preprocessing">): boolean =>
  storedOf(featureSet).qualityControl === true;

/** @throws HistoError BAD_ARGUMENT when stains are to be evened out where light is emitted */
export const requirePreprocessing = (input: PreprocessingInput, { tissue }: GridRecipe): PreprocessingInput => {
  if (input.stainNormalization === "NONE" || tissue !== "DARKFIELD") return input;
  throw new HistoError("BAD_ARGUMENT", "Dark-field slides have no stains that absorb light to even out.", {
    fix: "Use stainNormalization: NONE with grid.tissue: DARKFIELD.",
    path: ["preprocessing", "stainNormalization"],
  });
};
