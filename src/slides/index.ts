export { fileChecksum } from "./checksum.ts";
export { deepZoomDescriptor, deepZoomTile } from "./deepZoom.ts";
export { cellOrigin, patchRegion, planGrid } from "./grid.ts";
export { LAB_LINE, LINEAR_OF_BYTE, SRGB_LINE, WHITE_POINT, XYZ_OF_RGB } from "./lab.ts";
export { outlinesOfMask } from "./maskOutlines.ts";
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
export { READS_AT_ONCE } from "./readLimit.ts";
export { isPlausibleResolution } from "./resolution.ts";
export { readScaled, readThumbnail } from "./scaling.ts";
export { estimatePicturesStain, estimateSlideStain } from "./slideStain.ts";
export type { StainMethod, StainParameters } from "./stain.ts";
export { STAIN_TARGETS, type StainTransform, stainTransform } from "./stainTransform.ts";
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
