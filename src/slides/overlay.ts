import sharp from "sharp";
import { HistoError } from "../platform/errors.ts";
import { type DeepZoomLayout, deepZoomDescriptor, deepZoomTileArea } from "./deepZoom.ts";
import type { Rgb } from "./pixels.ts";
import type { GridGeometry, OpenedSlide, SlideRectangle } from "./types.ts";

/** A class for each cell of a patch grid. */
export type CellClasses = {
  readonly geometry: Omit<GridGeometry, "patchSize">;
  /** 0: none; else the class's number plus 1. Row-major, `[rows × columns]`. */
  readonly classes: Uint16Array;
};

/** The cells of a list as a map of cells; those that are not named have no class. */
export const cellClasses = (
  geometry: CellClasses["geometry"],
  cells: ArrayLike<number>,
  classOf: ArrayLike<number>,
): CellClasses => {
  const classes = new Uint16Array(geometry.columns * geometry.rows);
  for (let index = 0; index < cells.length; index += 1) classes[cells[index] ?? -1] = (classOf[index] ?? -1) + 1;
  return { geometry, classes };
};

/** Cells along the edge of a patch that lies at no step: a picture is right to half of this part. */
const CELLS_PER_PATCH = 4;
/** Small patches far apart are painted more coarsely, in memory of 2 bytes a cell. */
const MOST_CELLS = 2 ** 24;

const greatest = (values: ArrayLike<number>): number => {
  let most = 0;
  for (let index = 0; index < values.length; index += 1) most = Math.max(most, values[index] ?? 0);
  return most;
};

/** The cells whose middles lie between two edges. */
const cellsBetween = (edge: number, size: number, step: number): { from: number; to: number } => ({
  from: Math.max(0, Math.ceil(edge / step - 0.5)),
  to: Math.ceil((edge + size) / step - 0.5),
});

/** Patches that lie in no rows and columns, as a finer map of cells that each takes the class of what covers its middle. */
export const placedClasses = (
  { sizeX, sizeY }: Pick<GridGeometry, "sizeX" | "sizeY">,
  corners: { x: ArrayLike<number>; y: ArrayLike<number> },
  classOf: ArrayLike<number>,
): CellClasses => {
  const [width, height] = [greatest(corners.x) + sizeX, greatest(corners.y) + sizeY];
  const fineCells = (CELLS_PER_PATCH ** 2 * width * height) / (sizeX * sizeY);
  const coarseness = Math.max(1, Math.sqrt(fineCells / MOST_CELLS)) / CELLS_PER_PATCH;
  const [stepX, stepY] = [sizeX * coarseness, sizeY * coarseness];
  const [columns, rows] = [Math.ceil(width / stepX), Math.ceil(height / stepY)];
  const classes = new Uint16Array(columns * rows);
  for (let index = 0; index < classOf.length; index += 1) {
    const across = cellsBetween(corners.x[index] ?? 0, sizeX, stepX);
    const down = cellsBetween(corners.y[index] ?? 0, sizeY, stepY);
    for (let row = down.from; row < down.to; row += 1) {
      classes.fill((classOf[index] ?? -1) + 1, row * columns + across.from, row * columns + across.to);
    }
  }
  return { geometry: { columns, rows, stepX, stepY, sizeX: stepX, sizeY: stepY }, classes };
};

const NOWHERE = 0xffffffff;

/** For each pixel of one axis the row or column of cells under its middle. */
const cellsAlong = (
  from: number,
  length: number,
  pixels: number,
  step: number,
  size: number,
  cells: number,
): Uint32Array => {
  // Where patches overlap, each cell is the part around the middle of its patch that is nearest to it.
  const margin = (size - step) / 2;
  return Uint32Array.from({ length: pixels }, (_, pixel) => {
    const cell = Math.floor((from + ((pixel + 0.5) * length) / pixels - margin) / step);
    return cell >= 0 && cell < cells ? cell : NOWHERE;
  });
};

/** Colours as they lie in memory, `[classes + 1]`; the first is transparent. */
const wordsOf = (colours: readonly Rgb[], alpha: number): Uint32Array => {
  const bytes = Uint8Array.from([
    ...[0, 0, 0, 0],
    ...colours.flatMap(({ red, green, blue }) => [red, green, blue, alpha]),
  ]);
  return new Uint32Array(bytes.buffer);
};

/**
 * Paints the classes of a rectangle of the slide (level-0 pixels).
 * @param colours of each class
 * @returns RGBA, shape (heightPixels, widthPixels, 4); transparent where no patch is
 */
export const paintClasses = (
  { geometry, classes }: CellClasses,
  area: SlideRectangle,
  widthPixels: number,
  heightPixels: number,
  colours: readonly Rgb[],
  alpha = 255,
): Uint8Array => {
  const { columns, rows, stepX, stepY, sizeX, sizeY } = geometry;
  const columnOf = cellsAlong(area.x, area.widthPixels, widthPixels, stepX, sizeX, columns);
  const rowOf = cellsAlong(area.y, area.heightPixels, heightPixels, stepY, sizeY, rows);
  const words = wordsOf(colours, alpha);
  const pixels = new Uint32Array(widthPixels * heightPixels);
  for (let y = 0; y < heightPixels; y += 1) {
    const row = rowOf[y] ?? NOWHERE;
    if (row === NOWHERE) continue;
    const line = y * widthPixels;
    for (let x = 0; x < widthPixels; x += 1) {
      const column = columnOf[x] ?? NOWHERE;
      if (column !== NOWHERE) pixels[line + x] = words[classes[row * columns + column] ?? 0] ?? 0;
    }
  }
  return new Uint8Array(pixels.buffer);
};

/** Neighbours share no pixels: where they did, a viewer would draw half-transparent pixels twice. */
const OVERLAY_LAYOUT: DeepZoomLayout = { tileSize: 256, overlap: 0 };

type SlideSize = Pick<OpenedSlide, "widthPixels" | "heightPixels">;

/** The descriptor of an overlay's tiles; it has the size of the slide, so that viewers lay one on the other. */
export const overlayDescriptor = (slide: SlideSize): string =>
  deepZoomDescriptor(slide, OVERLAY_LAYOUT.tileSize, OVERLAY_LAYOUT.overlap, "png");

/**
 * One Deep Zoom tile of an overlay: opaque colours on a transparent ground, as PNG; how strong it is drawn is the viewer's
 * choice.
 * @throws NOT_FOUND when there is no such tile
 */
export const overlayTile = async (
  classes: CellClasses,
  slide: SlideSize,
  level: number,
  column: number,
  row: number,
  colours: readonly Rgb[],
): Promise<Buffer> => {
  const tile = deepZoomTileArea(slide, level, column, row, OVERLAY_LAYOUT);
  if (!tile)
    throw new HistoError("NOT_FOUND", "The overlay has no such tile.", { fix: "Read the Deep Zoom descriptor." });
  const { left, top, widthPixels, heightPixels, downsample } = tile;
  const area = {
    x: left * downsample,
    y: top * downsample,
    widthPixels: widthPixels * downsample,
    heightPixels: heightPixels * downsample,
  };
  const pixels = paintClasses(classes, area, widthPixels, heightPixels, colours);
  return sharp(pixels, { raw: { width: widthPixels, height: heightPixels, channels: 4 } })
    .png()
    .toBuffer();
};

/** Longest edge of a picture of what patches cover. */
const COVERAGE_PIXELS = 1024;

/**
 * What patches cover as a small PNG: covered white, the rest black.
 * @param slide what the picture shows; without it as far as the patches reach
 */
export const drawCoverage = (patches: CellClasses, slide: SlideSize | null): Promise<Buffer> => {
  const { columns, rows, stepX, stepY } = patches.geometry;
  const whole = slide ?? { widthPixels: columns * stepX, heightPixels: rows * stepY };
  const { widthPixels, heightPixels } = whole;
  const scale = Math.min(1, COVERAGE_PIXELS / Math.max(widthPixels, heightPixels));
  const [width, height] = [Math.max(1, Math.round(widthPixels * scale)), Math.max(1, Math.round(heightPixels * scale))];
  const white = { red: 255, green: 255, blue: 255 };
  const painted = paintClasses(patches, { x: 0, y: 0, widthPixels, heightPixels }, width, height, [white]);
  return sharp(painted, { raw: { width, height, channels: 4 } })
    .flatten({ background: "black" })
    .toColourspace("b-w")
    .png({ palette: true, colours: 2 })
    .toBuffer();
};
