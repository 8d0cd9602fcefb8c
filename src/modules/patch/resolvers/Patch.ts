import { encodeId } from "../../../platform/ids.ts";
import { gridIdOf } from "../../../store/patches.ts";
import { requireFeatureSet } from "../../featureSet/featureSet.service.ts";
import { patchImageUrl } from "../../pictures.ts";
import type { PatchResolvers } from "../../types.generated.ts";
import { gridPart } from "../patch.service.ts";

export const Patch: PatchResolvers = {
  id: async ({ id, x, y }, _arguments, { loaders }) => {
    const grid = await loaders.grid.load(gridIdOf(id));
    const slide = await loaders.slide.load(grid.slideId);
    const study = await loaders.study.load(slide.studyId);
    return encodeId("Patch", study.key, slide.key, gridPart(grid), x, y);
  },
  grid: ({ id }, _arguments, { loaders }) => loaders.grid.load(gridIdOf(id)),
  slide: async ({ id }, _arguments, { loaders }) => loaders.slide.load((await loaders.grid.load(gridIdOf(id))).slideId),
  size: async ({ id }, _arguments, { loaders }) => (await loaders.grid.load(gridIdOf(id))).sizeX,
  imageUrl: (patch, { contextMicrons, maxPixels }, context) =>
    patchImageUrl(context, patch, contextMicrons ?? 0, maxPixels ?? 512),
  vector: async ({ id }, { featureSet }, context) => {
    const { id: featureSetId } = await requireFeatureSet(context, featureSet);
    return context.loaders.vector.load({ featureSetId, patchId: id });
  },
};
