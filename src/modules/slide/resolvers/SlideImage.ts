import { thumbnailUrl, tilesUrl } from "../../pictures.ts";
import type { SlideImageResolvers } from "../../types.generated.ts";

export const SlideImage: SlideImageResolvers = {
  thumbnailUrl: ({ slideId }, { maxPixels }, context) => thumbnailUrl(context, slideId, maxPixels ?? 1024),
  tilesUrl: ({ slideId }, _arguments, context) => tilesUrl(context, slideId),
};
