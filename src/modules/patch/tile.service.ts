import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { lockJobs } from "../../queue/graph.ts";
import { insertJobTree } from "../../queue/jobs.ts";
import type { Job } from "../../store/generated/client.ts";
import { requireStudyKey, type SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { readOpenTiling } from "../featureSet/embed.plan.ts";
import { findSlideIds } from "../slide/slide.service.ts";
import { loadStudy } from "../study/study.service.ts";
import { type GridRecipe, requireRecipe } from "./grid.service.ts";

/**
 * Queues the tiling of slides; a slide that has the grid already is done at once. While all of it is under way, that job is
 * the answer.
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
    await lockJobs(client, study.id);
    const underWay = [...(await readOpenTiling(client, slideIds, grid)).values()];
    const [first] = underWay;
    // Somebody has asked for the same, or for more, and it is not done yet.
    if (
      first?.parentId &&
      underWay.length === slideIds.length &&
      underWay.every((job) => job.parentId === first.parentId)
    ) {
      return first.parentId;
    }
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
