import type { OpenedSlide, PatchPlan } from "./types.ts";

/** One patch at its level-0 origin: RGB, shape (plan.heightPixels, plan.widthPixels, 3), the same for every patch. */
export const readPatch = (
  slide: OpenedSlide,
  plan: PatchPlan,
  x: number,
  y: number,
  target?: Uint8Array,
): Promise<Uint8Array> => slide.readRegion({ x, y, ...plan }, target);
