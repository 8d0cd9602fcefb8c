import DataLoader from "dataloader";
import type { PatchGrid, Slide } from "../../store/generated/client.ts";
import { type CornerInGrid, readPatchIdsOfCorners } from "../../store/patchPlaces.ts";
import type { App } from "../context.ts";

/** A grid as ids name it; of its digest the beginning is enough. */
export type GridName = { studyKey: string; slideKey: string; digest: string };
export type NamedGrid = PatchGrid & { slide: Slide };

/** Patches by their global ids: a page of them takes a statement for each kind of thing, not for each patch. */
export type PatchLoaders = {
  /** Null when there is no such grid. */
  gridByName: DataLoader<GridName, NamedGrid | null, string>;
  /** The patch of an imported grid with such a corner; null when there is none. */
  patchIdAt: DataLoader<CornerInGrid, number | null, string>;
};

export const createPatchLoaders = ({ prisma, database }: Pick<App, "prisma" | "database">): PatchLoaders => ({
  gridByName: new DataLoader(
    async (names) => {
      const grids = await prisma.patchGrid.findMany({
        where: {
          OR: names.map(({ studyKey, slideKey, digest }) => ({
            digest: { startsWith: digest },
            slide: { key: slideKey, study: { key: studyKey } },
          })),
        },
        include: { slide: { include: { study: true } } },
      });
      return names.map(
        ({ studyKey, slideKey, digest }) =>
          grids.find(
            (grid) =>
              grid.digest.startsWith(digest) && grid.slide.key === slideKey && grid.slide.study.key === studyKey,
          ) ?? null,
      );
    },
    { cacheKeyFn: ({ studyKey, slideKey, digest }) => JSON.stringify([studyKey, slideKey, digest]) },
  ),
  patchIdAt: new DataLoader((corners) => readPatchIdsOfCorners(database, corners), {
    cacheKeyFn: ({ gridId, x, y }) => `${gridId}/${x}/${y}`,
  }),
});
