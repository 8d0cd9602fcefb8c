import { drawCoverage, placedClasses } from "../../slides/index.ts";
import type { PatchGrid } from "../../store/generated/client.ts";
import { readPatchesInBox } from "../../store/patchesInBox.ts";
import { EVERYWHERE } from "../../store/patchPlaces.ts";
import type { App } from "../context.ts";

/** The tissue of a grid as PNG: its mask or, where features were imported, what their patches cover. */
export const drawGridMask = async (app: App, grid: PatchGrid): Promise<Buffer> => {
  if (grid.maskDigest !== null) return app.artefacts.get(grid.maskDigest);
  const patches = await readPatchesInBox(app.database, grid.id, EVERYWHERE);
  const image = await app.prisma.slideImage.findUnique({ where: { slideId: grid.slideId } });
  const covered = placedClasses(grid, patches, new Uint8Array(patches.ids.length));
  return drawCoverage(covered, image);
};
