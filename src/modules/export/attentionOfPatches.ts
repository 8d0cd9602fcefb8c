import { gridIdOf } from "../../store/patches.ts";

/** The attention of one slide of a bag: patch ids ascending, and their weights. */
export type SlideAttention = { gridId: number; patchIds: Float64Array; weights: Float32Array };

/** Weights of patches, whose ids ascend within each slide; NaN for those outside of the bag. */
export const attentionOfPatches = (bag: readonly SlideAttention[], patchIds: Float64Array): Float32Array => {
  const slides = new Map(bag.map((slide) => [slide.gridId, slide]));
  let slide: SlideAttention | undefined;
  let place = 0;
  return Float32Array.from(patchIds, (id) => {
    if (slide?.gridId !== gridIdOf(id)) {
      slide = slides.get(gridIdOf(id));
      place = 0;
    }
    while (slide && (slide.patchIds[place] ?? Infinity) < id) place++;
    return slide?.patchIds[place] === id ? (slide.weights[place] ?? Number.NaN) : Number.NaN;
  });
};
