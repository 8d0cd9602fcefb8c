import { HistoError } from "../platform/errors.ts";
import { encodeJpeg } from "./pixels.ts";
import { readScaled } from "./scaling.ts";
import type { OpenedSlide } from "./types.ts";

/** Edge of a tile without its overlap, and the pixels that neighbours share; 254 + 2 × 1 makes inner tiles 256 wide. */
export type DeepZoomLayout = { readonly tileSize: number; readonly overlap: number };
export const DEEP_ZOOM_LAYOUT: DeepZoomLayout = { tileSize: 254, overlap: 1 };

type Size = Pick<OpenedSlide, "widthPixels" | "heightPixels">;

/** Number of the finest Deep Zoom level; level 0 is one pixel and each level doubles the one before. */
export const deepZoomMaxLevel = ({ widthPixels, heightPixels }: Size): number =>
  Math.ceil(Math.log2(Math.max(1, widthPixels, heightPixels)));

/** The `.dzi` descriptor (Deep Zoom schema of Microsoft, 2008) of a slide's level 0. */
export const deepZoomDescriptor = (
  slide: Size,
  tileSize = DEEP_ZOOM_LAYOUT.tileSize,
  overlap = DEEP_ZOOM_LAYOUT.overlap,
  format: "jpeg" | "png" = "jpeg",
): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="${format}" TileSize="${tileSize}" Overlap="${overlap}">
  <Size Width="${slide.widthPixels}" Height="${slide.heightPixels}"/>
</Image>
`;

/** Where a tile lies on its Deep Zoom level, in pixels of that level; null when there is no such tile. */
export const deepZoomTileArea = (
  slide: Size,
  level: number,
  column: number,
  row: number,
  { tileSize, overlap }: DeepZoomLayout = DEEP_ZOOM_LAYOUT,
): { left: number; top: number; widthPixels: number; heightPixels: number; downsample: number } | null => {
  const maxLevel = deepZoomMaxLevel(slide);
  const isNumber = (value: number) => Number.isInteger(value) && value >= 0;
  if (!isNumber(level) || level > maxLevel || !isNumber(column) || !isNumber(row)) return null;
  const downsample = 2 ** (maxLevel - level);
  const span = (length: number, index: number): { from: number; count: number } | null => {
    const total = Math.ceil(length / downsample);
    if (index * tileSize >= total) return null;
    const from = Math.max(0, index * tileSize - overlap);
    return { from, count: Math.min(total, (index + 1) * tileSize + overlap) - from };
  };
  const x = span(slide.widthPixels, column);
  const y = span(slide.heightPixels, row);
  return x && y && { left: x.from, top: y.from, widthPixels: x.count, heightPixels: y.count, downsample };
};

/** One JPEG tile, read from the slide's nearest finer level. Throws NOT_FOUND when there is no such tile. */
export const deepZoomTile = async (
  slide: OpenedSlide,
  level: number,
  column: number,
  row: number,
  layout: DeepZoomLayout = DEEP_ZOOM_LAYOUT,
): Promise<Buffer> => {
  const area = deepZoomTileArea(slide, level, column, row, layout);
  if (!area)
    throw new HistoError("NOT_FOUND", "The slide has no such tile.", { fix: "Read the Deep Zoom descriptor." });
  const { downsample, widthPixels, heightPixels } = area;
  const x = area.left * downsample;
  const y = area.top * downsample;
  // The last column and row end with the slide, not with white beyond it.
  const source = {
    x,
    y,
    widthPixels: Math.min(slide.widthPixels - x, widthPixels * downsample),
    heightPixels: Math.min(slide.heightPixels - y, heightPixels * downsample),
  };
  const pixels = await readScaled(slide, source, widthPixels, heightPixels);
  return encodeJpeg({ pixels, widthPixels, heightPixels });
};
