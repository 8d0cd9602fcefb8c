import type { PatchGrid, SlideImage } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";

/** Whether the slide's file is another one than its patches were cut from. Of imported features that nobody may know. */
export const isOfAnotherFile = (grid: PatchGrid, image: SlideImage): boolean =>
  grid.slideChecksum !== "" && image.checksum !== grid.slideChecksum;

/** Why a grid no longer is what its slide would give today; null when it is. */
export const gridStaleReason = (grid: PatchGrid, image: SlideImage | null): string | null => {
  // Imported while the slide had no image: there is nothing that could have changed.
  if (grid.slideChecksum === "") return null;
  if (!image) return "The slide's image is gone.";
  if (isOfAnotherFile(grid, image)) return "The slide's file has changed.";
  if (grid.trust === "DECLARED") return null;
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
      slideChecksum: grid.slideChecksum === "" ? null : grid.slideChecksum,
      slideMicronsPerPixelX: grid.micronsPerPixelX,
      slideMicronsPerPixelY: grid.micronsPerPixelY,
      ...(grid.trust === "DECLARED" && { declared: grid.declared }),
    },
    software: grid.software,
    trust: grid.trust,
    isStale: staleReason !== null,
    staleReason,
  };
};
