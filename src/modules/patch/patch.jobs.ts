import { type ClaimedJob, recordProgress } from "../../queue/jobs.ts";
import type { App } from "../context.ts";
import { requireRoom } from "../featureSet/featureSet.jobs.ts";
import { requireImage, requireResolution } from "../slide/image.service.ts";
import { withSameFile } from "../slide/slideFiles.ts";
import { ensureGrid, type GridRecipe } from "./grid.service.ts";

/** What a TILE job is told; `dims` where vectors of that length are to be computed of the patches. */
type TilePayload = { grid: GridRecipe; dims?: number };

/** Finds one slide's tissue and lays its grid. */
export const runTileJob =
  (app: App) =>
  async (job: ClaimedJob, signal: AbortSignal): Promise<void> => {
    const { grid: recipe, dims } = job.payload as TilePayload;
    const slide = await app.prisma.slide.findUniqueOrThrow({
      where: { id: job.slideId ?? -1 },
      include: { study: true },
    });
    const image = requireResolution(slide, slide.study.key, await requireImage(app, slide));
    const grid = await withSameFile(app, job, { slide, image, signal }, () =>
      ensureGrid(app, slide, image, recipe, async (patches) => {
        if (dims !== undefined) await requireRoom(app, slide, patches, dims);
      }),
    );
    await recordProgress(app.database, job, { done: grid.patches, total: grid.patches });
  };
