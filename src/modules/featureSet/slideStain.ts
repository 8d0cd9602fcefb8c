import { HistoError } from "../../platform/errors.ts";
import {
  estimateSlideStain,
  type OpenedSlide,
  type PatchPlan,
  type StainMethod,
  type StainParameters,
  type StainTransform,
  stainTransform,
} from "../../slides/index.ts";
import type { FeatureSet, Slide } from "../../store/generated/client.ts";
import type { App } from "../context.ts";

/** @throws HistoError MIXED_STAINS, NOT_BRIGHTFIELD for a slide that is known to be stained with something else */
const requireHaematoxylinAndEosin = ({ key, stain }: Slide): void => {
  const details = {
    fix: "Embed it with preprocessing.stainNormalization NONE into another feature set, or correct the slide's stain with registerSlides and retryJob.",
    path: ["preprocessing", "stainNormalization"],
  };
  if (stain === "IHC") {
    const message = `Slide "${key}" is an immunostain; normalisation leads to haematoxylin and eosin and would hide its marker.`;
    throw new HistoError("MIXED_STAINS", message, details);
  }
  if (stain === "FLUORESCENCE") {
    throw new HistoError(
      "NOT_BRIGHTFIELD",
      `Slide "${key}" shows fluorescence: it has no stains to even out.`,
      details,
    );
  }
};

export type StainWork = {
  app: App;
  slide: Slide;
  featureSet: FeatureSet;
  method: StainMethod;
  opened: OpenedSlide;
  plan: PatchPlan;
  /** Of the whole grid, whatever is embedded already. */
  patches: number;
  /** Left upper corner of a patch in level-0 pixels. */
  originOf(index: number): { x: number; y: number };
};

/**
 * How the slide's pixels are brought to the target's staining: by what is stored beside its vectors, or else estimated and
 * stored, so that every patch of the slide goes through the same.
 * @throws HistoError MIXED_STAINS, NOT_BRIGHTFIELD, NO_TISSUE, BAD_ARGUMENT, SLIDE_CORRUPT
 */
export const slideStainTransform = async (work: StainWork): Promise<StainTransform> => {
  const { app, slide, featureSet, method, opened, plan, patches, originOf } = work;
  requireHaematoxylinAndEosin(slide);
  const where = { featureSetId_slideId: { featureSetId: featureSet.id, slideId: slide.id } };
  const { stain: known } = await app.prisma.slideFeatures.findUniqueOrThrow({ where, select: { stain: true } });
  // Only this function writes there.
  if (known) return stainTransform(known as unknown as StainParameters);
  const sample = { plan, patchSize: featureSet.patchSize, patches, originOf };
  const found = await estimateSlideStain(opened, sample, method, slide.key);
  await app.prisma.slideFeatures.update({ where, data: { stain: found } });
  return stainTransform(found);
};
