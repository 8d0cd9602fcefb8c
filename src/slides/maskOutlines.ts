import { extname } from "node:path";
import sharp from "sharp";
import type { ContourPolygon } from "./contours.ts";
import { inWorker } from "./inWorker.ts";

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./contours.worker${extname(import.meta.url)}`, import.meta.url);

/** Where white pixels begin: masks are black and white. */
const MIDDLE = 128;

/**
 * Outlines of a tissue mask as `maskPreviewPng` wrote it, in level-0 pixels of a slide of the size given. In a thread of its
 * own: it takes up to a second for a large slide.
 */
export const outlinesOfMask = async (
  png: Uint8Array,
  slide: { widthPixels: number; heightPixels: number },
): Promise<ContourPolygon[]> => {
  const { data, info } = await sharp(png)
    .toColourspace("b-w")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const mask = Uint8Array.from({ length: info.width * info.height }, (_, at) =>
    Number((data[at * info.channels] ?? 0) >= MIDDLE),
  );
  const polygons = await inWorker<ContourPolygon[]>(WORKER, {
    data: mask,
    widthPixels: info.width,
    heightPixels: info.height,
  });
  const [scaleX, scaleY] = [slide.widthPixels / info.width, slide.heightPixels / info.height];
  const scaled = (ring: ContourPolygon["exterior"]): ContourPolygon["exterior"] =>
    ring.map(([x, y]) => [x * scaleX, y * scaleY]);
  return polygons.map(({ exterior, holes }) => ({ exterior: scaled(exterior), holes: holes.map(scaled) }));
};
