export { cellOrigin, patchRegion, planGrid } from "./grid.ts";
export type {
  GridGeometry,
  GridRecipe,
  MicronsPerPixel,
  OpenedSlide,
  PatchGrid,
  PatchPlan,
  RgbImage,
  SlideBackend,
  SlideLevel,
  SlideRectangle,
  SlideRegion,
  TissueMask,
  TissueMethod,
} from "./types.ts";
