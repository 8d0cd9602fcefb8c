import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJobTree } from "../../queue/jobs.ts";
import type { Job } from "../../store/generated/client.ts";
import { requireStudyKey, type SlideFilter, slideWhere } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { requireStudy } from "../study/study.service.ts";
import { type GridRecipe, requireRecipe } from "./grid.service.ts";

/**
 * Queues the tiling of slides; a slide that has the grid already is done at once.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, FORBIDDEN
 */
export const tileSlides = async (
  { app, viewer }: GraphQLContext,
  input: { slides: SlideFilter; grid: GridRecipe },
): Promise<Job> => {
  const studyKey = requireStudyKey(input.slides);
  authorize(viewer, "study:write", studyKey);
  const study = await requireStudy({ app }, studyKey);
  const grid = requireRecipe(input.grid);
  const slides = await app.prisma.slide.findMany({
    where: slideWhere(input.slides, studyKey),
    select: { id: true },
    orderBy: { key: "asc" },
  });
  if (slides.length === 0) {
    throw new HistoError("NOT_FOUND", `No slide of study "${studyKey}" passes the filter.`, {
      fix: "Register slides with registerSlides, or widen the filter.",
      path: ["slides"],
    });
  }
  const parentId = await app.database.transaction(async (client) => {
    const tree = await insertJobTree(
      client,
      { kind: "TILE", studyId: study.id, createdBy: viewer.name, unit: "patches", payload: { grid } },
      slides.map((slide) => slide.id),
    );
    await app.queue.wake(
      client,
      tree.childIds.map((id) => ({ id, kind: "TILE" as const })),
    );
    return tree.parentId;
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id: parentId } });
};
