import { HistoError } from "../../platform/errors.ts";
import type { Slide, SlideImage } from "../../store/generated/client.ts";
import type { App } from "../context.ts";

/** A slide's image with a known resolution: what tiling and embedding need. */
export type ResolvedImage = SlideImage & { micronsPerPixelX: number; micronsPerPixelY: number };

/** @throws HistoError SLIDE_HAS_NO_IMAGE */
export const requireImage = async (app: App, slide: Slide): Promise<SlideImage> => {
  const image = await app.prisma.slideImage.findUnique({ where: { slideId: slide.id } });
  if (image) return image;
  throw new HistoError("SLIDE_HAS_NO_IMAGE", `Slide "${slide.key}" has no image.`, {
    fix: "Register its file with registerSlides.",
  });
};

/** @throws HistoError RESOLUTION_UNKNOWN with the mutation that mends it */
export const requireResolution = (slide: Slide, studyKey: string, image: SlideImage): ResolvedImage => {
  const { micronsPerPixelX, micronsPerPixelY } = image;
  if (micronsPerPixelX !== null && micronsPerPixelY !== null) return { ...image, micronsPerPixelX, micronsPerPixelY };
  const by = `{key: {studyKey: "${studyKey}", key: "${slide.key}"}}`;
  throw new HistoError("RESOLUTION_UNKNOWN", `Slide "${slide.key}" does not say how many µm a pixel is.`, {
    fix: `mutation { setSlideResolution(input: {slide: ${by}, micronsPerPixel: 0.5}) { slide { id } } } with the scanner's value, then retryJob.`,
  });
};
