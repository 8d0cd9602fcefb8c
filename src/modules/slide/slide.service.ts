import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { isPlausibleResolution } from "../../slides/index.ts";
import type { Slide } from "../../store/generated/client.ts";
import { type Connection, connect, type PageArguments } from "../base/connections.ts";
import { type SlideFilter, slideWhere } from "../base/filters.ts";
import { afterKey, type Order, requireKeyOrder } from "../base/order.ts";
import type { GraphQLContext } from "../context.ts";
import { type By, naturalKey } from "../patient/patient.service.ts";

export const findSlide = async ({ app, viewer }: GraphQLContext, by: By): Promise<Slide | null> => {
  const { studyKey, key } = naturalKey("Slide", by);
  authorize(viewer, "study:read", studyKey);
  return app.prisma.slide.findFirst({ where: { key, study: { key: studyKey } } });
};

export const listSlides = (
  { app, viewer }: GraphQLContext,
  studyKey: string,
  filter: SlideFilter,
  orderBy: readonly Order[] | null | undefined,
  page: PageArguments,
): Promise<Connection<Slide>> => {
  authorize(viewer, "study:read", studyKey);
  const where = slideWhere(filter, studyKey);
  const direction = requireKeyOrder(orderBy);
  return connect(page, {
    find: (take, after) =>
      app.prisma.slide.findMany({
        where: { AND: [where, afterKey(direction, after?.[0])] },
        orderBy: { key: direction },
        take,
      }),
    cursorOf: (slide) => [slide.key],
    count: () => app.prisma.slide.count({ where }),
  });
};

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
