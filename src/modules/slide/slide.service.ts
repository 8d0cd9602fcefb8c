import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { isPlausibleResolution } from "../../slides/index.ts";
import type { Slide, Study } from "../../store/generated/client.ts";
import { readIds } from "../../store/pages.ts";
import type { Connection, PageArguments } from "../base/connections.ts";
import { resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import { listRows } from "../base/listing.ts";
import { type Order, resolveOrder } from "../base/order.ts";
import type { GraphQLContext } from "../context.ts";
import { type By, naturalKey } from "../patient/patient.service.ts";
import { loadStudy } from "../study/study.service.ts";

export const findSlide = async ({ loaders, viewer }: GraphQLContext, by: By): Promise<Slide | null> => {
  const { studyKey, key } = naturalKey("Slide", by);
  authorize(viewer, "study:read", studyKey);
  const study = await loaders.studyByKey.load(studyKey);
  return study && loaders.slideByKey.load({ studyId: study.id, key });
};

/** Slides of a study. */
export const listSlides = async (
  context: GraphQLContext,
  studyKey: string,
  filter: SlideFilter,
  orderBy: readonly Order[] | null | undefined,
  page: PageArguments,
): Promise<Connection<Slide>> => {
  authorize(context.viewer, "study:read", studyKey);
  const study = await loadStudy(context, studyKey);
  const [condition, orderings] = await Promise.all([
    resolveSlideFilter(context, study, filter),
    resolveOrder(context, study, orderBy, "SLIDE"),
  ]);
  return listRows(context.loaders, "slide", { parent: { kind: "study", id: study.id }, condition, orderings }, page);
};

/** Slides of a patient or of a feature set, by key. */
export const listSlidesOf = async (
  context: GraphQLContext,
  kind: "patient" | "featureSet",
  parent: { id: number; studyId: number },
  filter: SlideFilter | null | undefined,
  page: PageArguments,
): Promise<Connection<Slide>> => {
  const study = await context.loaders.study.load(parent.studyId);
  authorize(context.viewer, "study:read", study.key);
  const condition = await resolveSlideFilter(context, study, filter ?? {});
  return listRows(context.loaders, "slide", { parent: { kind, id: parent.id }, condition }, page);
};

/** Ids of the slides of a study that pass a filter, by key. */
export const findSlideIds = async (
  context: GraphQLContext,
  study: Study,
  filter: SlideFilter,
  path: readonly string[],
): Promise<number[]> =>
  readIds(context.app.database, "slide", study.id, await resolveSlideFilter(context, study, filter, path));

/**
 * Tells a slide's resolution in place of its file. Grids made with another become stale.
 * @throws HistoError BAD_ARGUMENT, NOT_FOUND, SLIDE_HAS_NO_IMAGE
 */
export const setSlideResolution = async (
  { app, viewer }: GraphQLContext,
  input: { slide: By; micronsPerPixel: number },
): Promise<Slide> => {
  const { studyKey, key } = naturalKey("Slide", input.slide);
  authorize(viewer, "study:write", studyKey);
  const { micronsPerPixel } = input;
  if (!isPlausibleResolution(micronsPerPixel)) {
    throw new HistoError("BAD_ARGUMENT", `${micronsPerPixel} µm/px is not between 0.05 and 20.`, {
      fix: "Give micrometres per level-0 pixel: about 0.25 for a 40x scan, 0.5 for 20x.",
      path: ["micronsPerPixel"],
    });
  }
  const slide = await app.prisma.slide.findFirst({
    where: { key, study: { key: studyKey } },
    include: { image: true },
  });
  if (!slide) {
    throw new HistoError("NOT_FOUND", `There is no slide "${key}" in study "${studyKey}".`, { path: ["slide"] });
  }
  if (!slide.image) {
    throw new HistoError("SLIDE_HAS_NO_IMAGE", `Slide "${key}" has no image whose resolution could be set.`, {
      fix: "Register its file with registerSlides.",
      path: ["slide"],
    });
  }
  await app.prisma.slideImage.update({
    where: { slideId: slide.id },
    data: { micronsPerPixelX: micronsPerPixel, micronsPerPixelY: micronsPerPixel, resolutionSource: "USER" },
  });
  const { image: _, ...rest } = slide;
  return rest;
};
