import type { PatchGrid, SlideImage } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";

/** Why a grid no longer is what its slide would give today; null when it is. */
export const gridStaleReason = (grid: PatchGrid, image: SlideImage | null): string | null => {
  if (!image) return "The slide's image is gone.";
  if (image.checksum !== grid.slideChecksum) return "The slide's file has changed.";
  const isSameResolution =
    image.micronsPerPixelX === grid.micronsPerPixelX && image.micronsPerPixelY === grid.micronsPerPixelY;
  return isSameResolution ? null : "The slide's resolution has changed.";
};

export const gridLineage = async ({ loaders }: GraphQLContext, grid: PatchGrid) => {
  const staleReason = gridStaleReason(grid, await loaders.slideImage.load(grid.slideId));
  return {
    digest: grid.digest,
    createdAt: grid.createdAt,
    parameters: {
      patchSize: grid.patchSize,
      micronsPerPixel: grid.micronsPerPixel,
      overlap: grid.overlap,
      minTissue: grid.minTissue,
      tissue: grid.tissue,
      slideChecksum: grid.slideChecksum,
      slideMicronsPerPixelX: grid.micronsPerPixelX,
      slideMicronsPerPixelY: grid.micronsPerPixelY,
    },
    software: grid.software,
    trust: "VERIFIED" as const,
    isStale: staleReason !== null,
    staleReason,
  };
};
