import { nearestFinerLevel } from "./grid.ts";
import { resizeRgb } from "./pixels.ts";
import type { OpenedSlide, RgbImage, SlideRectangle } from "./types.ts";

/** Source pixels read at once while scaling; bounds memory for a coarse view of a slide that has no coarse level. */
const MAX_SOURCE_PIXELS = 4 * 1024 * 1024;

/** Borders of `pieces` nearly equal parts of `length` output pixels. */
const bordersOf = (length: number, pieces: number): number[] =>
  Array.from({ length: pieces + 1 }, (_, index) => Math.round((index * length) / pieces));

/** Copies `piece` into `canvas`; whole rows at a time. */
const paste = (canvas: Uint8Array, canvasWidth: number, piece: RgbImage, left: number, top: number): void => {
  const rowBytes = piece.widthPixels * 3;
  for (let row = 0; row < piece.heightPixels; row++)
    canvas.set(piece.pixels.subarray(row * rowBytes, (row + 1) * rowBytes), ((top + row) * canvasWidth + left) * 3);
};

/**
 * A rectangle of the slide (level-0 pixels) at (outHeight, outWidth, 3), RGB: read from the nearest finer level and
 * resized off the event loop. Memory stays bounded however large the rectangle is; outside the slide is white.
 */
export const readScaled = async (
  slide: OpenedSlide,
  area: SlideRectangle,
  outWidth: number,
  outHeight: number,
): Promise<Uint8Array> => {
  const scaleX = area.widthPixels / outWidth;
  const scaleY = area.heightPixels / outHeight;
  const level = nearestFinerLevel(slide.levels, Math.min(scaleX, scaleY));
  const downsample = slide.levels[level]?.downsample ?? 1;

  const readPiece = async (left: number, top: number, width: number, height: number): Promise<RgbImage> => {
    const source = {
      x: area.x + left * scaleX,
      y: area.y + top * scaleY,
      level,
      widthPixels: Math.max(1, Math.round((width * scaleX) / downsample)),
      heightPixels: Math.max(1, Math.round((height * scaleY) / downsample)),
    };
    const pixels = await slide.readRegion(source);
    return { pixels: await resizeRgb({ ...source, pixels }, width, height), widthPixels: width, heightPixels: height };
  };

  const sourceWidth = area.widthPixels / downsample;
  const sourceHeight = area.heightPixels / downsample;
  if (sourceWidth * sourceHeight <= MAX_SOURCE_PIXELS) return (await readPiece(0, 0, outWidth, outHeight)).pixels;

  const edge = Math.sqrt(MAX_SOURCE_PIXELS);
  const columns = bordersOf(outWidth, Math.min(outWidth, Math.ceil(sourceWidth / edge)));
  const rows = bordersOf(outHeight, Math.min(outHeight, Math.ceil(sourceHeight / edge)));
  const canvas = new Uint8Array(outWidth * outHeight * 3);
  for (const [row, top] of rows.slice(0, -1).entries())
    await Promise.all(
      columns.slice(0, -1).map(async (left, column) => {
        const right = columns[column + 1] ?? outWidth;
        const bottom = rows[row + 1] ?? outHeight;
        paste(canvas, outWidth, await readPiece(left, top, right - left, bottom - top), left, top);
      }),
    );
  return canvas;
};

/** The whole slide, its longer edge at most `maxPixels` and never enlarged. RGB. */
export const readThumbnail = async (slide: OpenedSlide, maxPixels: number): Promise<RgbImage> => {
  const scale = Math.max(1, Math.max(slide.widthPixels, slide.heightPixels) / maxPixels);
  const widthPixels = Math.max(1, Math.round(slide.widthPixels / scale));
  const heightPixels = Math.max(1, Math.round(slide.heightPixels / scale));
  const whole = { x: 0, y: 0, widthPixels: slide.widthPixels, heightPixels: slide.heightPixels };
  return { pixels: await readScaled(slide, whole, widthPixels, heightPixels), widthPixels, heightPixels };
};
