import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJobTree } from "../../queue/jobs.ts";
import type { Job } from "../../store/generated/client.ts";
import { requireStudyKey, type SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { findSlideIds } from "../slide/slide.service.ts";
import { loadStudy } from "../study/study.service.ts";
import { type GridRecipe, requireRecipe } from "./grid.service.ts";

/**
 * Queues the tiling of slides; a slide that has the grid already is done at once.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, FORBIDDEN
 */
export const tileSlides = async (
  context: GraphQLContext,
  input: { slides: SlideFilter; grid: GridRecipe },
): Promise<Job> => {
  const { app, viewer } = context;
  const studyKey = requireStudyKey(input.slides, ["slides"]);
  authorize(viewer, "study:write", studyKey);
  const study = await loadStudy(context, studyKey);
  const grid = requireRecipe(input.grid);
  const slideIds = await findSlideIds(context, study, input.slides, ["slides"]);
  if (slideIds.length === 0) {
    throw new HistoError("NOT_FOUND", `No slide of study "${studyKey}" passes the filter.`, {
      fix: "Register slides with registerSlides, or widen the filter.",
      path: ["slides"],
    });
  }
  const parentId = await app.database.transaction(async (client) => {
    const tree = await insertJobTree(
      client,
      { kind: "TILE", studyId: study.id, createdBy: viewer.name, unit: "patches", payload: { grid } },
      slideIds,
    );
    await app.queue.wake(
      client,
      tree.childIds.map((id) => ({ id, kind: "TILE" as const })),
    );
    return tree.parentId;
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id: parentId } });
};
