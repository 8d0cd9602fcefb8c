export { fileChecksum } from "./checksum.ts";
export { deepZoomDescriptor, deepZoomTile } from "./deepZoom.ts";
export { cellOrigin, patchRegion, planGrid } from "./grid.ts";
export { openSlide, slideBackends } from "./openSlide.ts";
export {
  type CellClasses,
  cellClasses,
  drawCoverage,
  overlayDescriptor,
  overlayTile,
  placedClasses,
} from "./overlay.ts";
export { classColours } from "./overlayColours.ts";
export { drawOverlayMap, type LegendEntry } from "./overlayMap.ts";
export { drawContactSheet, type SheetPatch } from "./overlaySheet.ts";
export { readPatch } from "./patches.ts";
export { encodeJpeg } from "./pixels.ts";
export { isPlausibleResolution } from "./resolution.ts";
export { readScaled, readThumbnail } from "./scaling.ts";
export { detectTissue, maskPreviewPng } from "./tissue.ts";
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
