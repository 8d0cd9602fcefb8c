import { HistoError } from "../platform/errors.ts";
import type { GridGeometry, GridRecipe, PatchGrid, PatchPlan, SlideLevel, TissueMask } from "./types.ts";

/** A recipe may ask for pixels up to this much finer than the scan: scanners sold as "20x" differ by as much. */
const MAX_UPSAMPLING = 1.2;
/** A level this little coarser than the target still counts as the target: levels round their size, 4.0001 for 4. */
const LEVEL_TOLERANCE = 1.02;
/** Absorbs the rounding of sums of shares, so that a patch wholly on tissue passes `minTissue: 1`. */
const SHARE_TOLERANCE = 1e-6;

const refuse = (argument: string, message: string, fix: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { path: ["grid", argument], fix });
};

const isPositive = (value: number) => Number.isFinite(value) && value > 0;

const checkRecipe = (recipe: GridRecipe): void => {
  const { patchSize, overlap, minTissue, targetMicronsPerPixel: target, micronsPerPixel: native } = recipe;
  if (!Number.isInteger(patchSize) || patchSize < 1)
    refuse("patchSize", "The patch size is not a positive whole number.", "Give patchSize in pixels, such as 224.");
  if (!Number.isInteger(overlap) || overlap < 0 || overlap >= patchSize)
    refuse("overlap", "The overlap must be at least 0 and less than the patch size.", "Give overlap in pixels.");
  if (!(minTissue >= 0 && minTissue <= 1))
    refuse(
      "minTissue",
      "minTissue is a share between 0 and 1.",
      "Use minTissue: 0.5 for patches at least half tissue.",
    );
  if (!isPositive(target))
    refuse("micronsPerPixel", "The target resolution must be above 0 µm/px.", "Use micronsPerPixel: 0.5 for 20x.");
  if (!isPositive(native.x) || !isPositive(native.y))
    refuse("micronsPerPixel", "The slide's own resolution must be above 0 µm/px.", "Set it with setSlideResolution.");
  const coarser = Math.max(native.x, native.y);
  if (coarser > target * MAX_UPSAMPLING) {
    const found = coarser.toPrecision(3);
    refuse(
      "micronsPerPixel",
      `The slide was scanned at ${found} µm/px; ${target} µm/px would be invented by enlarging.`,
      `Use micronsPerPixel: ${found} or coarser for this slide, or leave it out.`,
    );
  }
};

/** Positions along one axis: float steps, rounded origins, only patches that end inside the slide. */
const axis = (lengthPixels: number, patchSize: number, overlap: number, scale: number) => {
  const step = (patchSize - overlap) * scale;
  const size = Math.max(1, Math.round(patchSize * scale));
  let count = size > lengthPixels ? 0 : Math.floor((lengthPixels - size) / step) + 1;
  // The division is exact only up to rounding of origins; settle the last position by the rule itself.
  while (count > 0 && Math.round((count - 1) * step) + size > lengthPixels) count--;
  while (size <= lengthPixels && Math.round(count * step) + size <= lengthPixels) count++;
  return { step, size, count };
};

/** Summed-area table, shape (heightPixels + 1, widthPixels + 1): entry (y, x) counts tissue above and left of it. */
const summedArea = (mask: TissueMask): Uint32Array => {
  const stride = mask.widthPixels + 1;
  const table = new Uint32Array(stride * (mask.heightPixels + 1));
  for (let y = 0; y < mask.heightPixels; y++) {
    let row = 0;
    for (let x = 0; x < mask.widthPixels; x++) {
      row += mask.data[y * mask.widthPixels + x] ?? 0;
      const above = y * stride + x + 1;
      table[above + stride] = (table[above] ?? 0) + row;
    }
  }
  return table;
};

/**
 * Share of a rectangle that is tissue. Interpolating a summed-area table linearly is exact for a mask of square
 * pixels, so rectangles need not align with the mask.
 */
const shareReader = (mask: TissueMask) => {
  const table = summedArea(mask);
  const stride = mask.widthPixels + 1;
  const sumTo = (x: number, y: number): number => {
    const px = Math.min(x, mask.widthPixels);
    const py = Math.min(y, mask.heightPixels);
    const x0 = Math.min(Math.floor(px), mask.widthPixels - 1);
    const y0 = Math.min(Math.floor(py), mask.heightPixels - 1);
    const fx = px - x0;
    const fy = py - y0;
    const at = y0 * stride + x0;
    const top = (table[at] ?? 0) * (1 - fx) + (table[at + 1] ?? 0) * fx;
    const bottom = (table[at + stride] ?? 0) * (1 - fx) + (table[at + stride + 1] ?? 0) * fx;
    return top * (1 - fy) + bottom * fy;
  };
  return (x: number, y: number, width: number, height: number): number => {
    const left = x / mask.scaleX;
    const top = y / mask.scaleY;
    const right = (x + width) / mask.scaleX;
    const bottom = (y + height) / mask.scaleY;
    const tissue = sumTo(right, bottom) - sumTo(left, bottom) - sumTo(right, top) + sumTo(left, top);
    return Math.min(1, Math.max(0, tissue / ((right - left) * (bottom - top))));
  };
};

/** Level-0 pixel at which the cell's upper left corner lies. */
export const cellOrigin = (
  grid: Pick<GridGeometry, "columns" | "stepX" | "stepY">,
  cell: number,
): { x: number; y: number } => ({
  x: Math.round((cell % grid.columns) * grid.stepX),
  y: Math.round(Math.floor(cell / grid.columns) * grid.stepY),
});

/**
 * The patches of a slide: origin i = round(i × step) from (0, 0), step = (patchSize − overlap) × target ÷ native as a
 * float, edge = round(patchSize × target ÷ native), only patches wholly inside the slide and with enough tissue.
 * The same recipe and mask give the same grid.
 * Throws BAD_ARGUMENT for an impossible recipe, and for a target more than 1.2 times finer than the scan.
 */
export const planGrid = (recipe: GridRecipe, mask: TissueMask): PatchGrid => {
  checkRecipe(recipe);
  const { patchSize, overlap, targetMicronsPerPixel: target, micronsPerPixel: native } = recipe;
  const horizontal = axis(recipe.widthPixels, patchSize, overlap, target / native.x);
  const vertical = axis(recipe.heightPixels, patchSize, overlap, target / native.y);
  const geometry: GridGeometry = {
    patchSize,
    columns: horizontal.count,
    rows: vertical.count,
    stepX: horizontal.step,
    stepY: vertical.step,
    sizeX: horizontal.size,
    sizeY: vertical.size,
  };
  const cellCount = horizontal.count * vertical.count;
  if (cellCount > 2 ** 32 - 1) refuse("patchSize", "The grid has more than 2³² cells.", "Use larger patches.");
  const share = shareReader(mask);
  const cells: number[] = [];
  const shares: number[] = [];
  for (let cell = 0; cell < cellCount; cell++) {
    const { x, y } = cellOrigin(geometry, cell);
    const tissue = share(x, y, geometry.sizeX, geometry.sizeY);
    if (tissue < recipe.minTissue - SHARE_TOLERANCE) continue;
    cells.push(cell);
    shares.push(tissue);
  }
  return { ...geometry, cells: Uint32Array.from(cells), tissueShare: Float32Array.from(shares) };
};

/** The coarsest level that is still at least as fine as `downsample` asks (within 2 %). */
export const nearestFinerLevel = (levels: readonly SlideLevel[], downsample: number): number => {
  let best = 0;
  for (const [index, level] of levels.entries()) {
    const isFineEnough = level.downsample <= downsample * LEVEL_TOLERANCE;
    if (isFineEnough && level.downsample >= (levels[best]?.downsample ?? 1)) best = index;
  }
  return best;
};

/** Which level to read for the patches of a grid, and how many of its pixels; the encoder's graph does the last resize. */
export const patchRegion = (levels: readonly SlideLevel[], grid: GridGeometry): PatchPlan => {
  const level = nearestFinerLevel(levels, Math.min(grid.sizeX, grid.sizeY) / grid.patchSize);
  const downsample = levels[level]?.downsample ?? 1;
  return {
    level,
    widthPixels: Math.max(1, Math.round(grid.sizeX / downsample)),
    heightPixels: Math.max(1, Math.round(grid.sizeY / downsample)),
  };
};
