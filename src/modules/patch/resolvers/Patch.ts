import { requireFeatureSet } from "../../featureSet/featureSet.service.ts";
import { patchImageUrl } from "../../pictures.ts";
import type { PatchResolvers } from "../../types.generated.ts";
import { idOfPatch, loadGrid, loadSlide } from "../patch.service.ts";

export const Patch: Pick<
  PatchResolvers,
  "grid" | "id" | "imageUrl" | "measurements" | "size" | "slide" | "tissueShare" | "vector" | "x" | "y" | "__isTypeOf"
> = {
  id: (patch, _arguments, context) => idOfPatch(context, patch),
  grid: (patch, _arguments, context) => loadGrid(context, patch),
  slide: (patch, _arguments, context) => loadSlide(context, patch),
  size: async (patch, _arguments, context) => (await loadGrid(context, patch)).sizeX,
  imageUrl: (patch, { contextMicrons, maxPixels }, context) =>
    patchImageUrl(context, patch, contextMicrons ?? 0, maxPixels ?? 512),
  vector: async ({ id }, { featureSet }, context) => {
    const { id: featureSetId } = await requireFeatureSet(context, featureSet);
    return context.loaders.vector.load({ featureSetId, patchId: id });
  },
};
