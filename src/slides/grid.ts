import { HistoError } from "../platform/errors.ts";
import type { GridGeometry, GridRecipe, PatchGrid, PatchPlan, SlideLevel, TissueMask } from "./types.ts";

/** A recipe may ask for pixels up to this much finer than the scan: scanners sold as "20x" differ by as much. */
const MAX_UPSAMPLING = 1.2;
/** A level this little coarser than the target still counts as the target: levels round their size, 4.0001 for 4. */
const LEVEL_TOLERANCE = 1.02;
/** 36 times what a 100,000 × 100,000 pixel slide gives at 224 pixels; more is a mistake in the recipe. */
const MAX_CELLS = 2 ** 23;
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
const summedArea = ({ data, widthPixels, heightPixels }: TissueMask): Uint32Array => {
  const stride = widthPixels + 1;
  const table = new Uint32Array(stride * (heightPixels + 1));
  let from = 0;
  for (let y = 1; y <= heightPixels; y++) {
    let row = 0;
    let at = y * stride + 1;
    for (let x = 0; x < widthPixels; x++, at++, from++) {
      row += data[from] as number;
      table[at] = (table[at - stride] as number) + row;
    }
  }
  return table;
};

/** Positions between mask pixels: the whole part, kept one short of the end, and the fraction beyond it. */
const splitPositions = (levelZero: readonly number[], scale: number, length: number) => {
  const whole = new Int32Array(levelZero.length);
  const fraction = new Float64Array(levelZero.length);
  for (const [index, position] of levelZero.entries()) {
    const at = Math.min(position / scale, length);
    whole[index] = Math.min(Math.floor(at), length - 1);
    fraction[index] = at - (whole[index] as number);
  }
  return { whole, fraction };
};

/**
 * Tissue share of every cell. Interpolating a summed-area table linearly is exact for a mask of square pixels, so the
 * patches need not align with the mask. `visit` is called row by row.
 */
const visitShares = (
  grid: GridGeometry,
  mask: TissueMask,
  visit: (cell: number, tissueShare: number) => void,
): void => {
  const table = summedArea(mask);
  const stride = mask.widthPixels + 1;
  const starts = (count: number, step: number) => Array.from({ length: count }, (_, index) => Math.round(index * step));
  const lefts = starts(grid.columns, grid.stepX);
  const x0 = splitPositions(lefts, mask.scaleX, mask.widthPixels);
  const x1 = splitPositions(
    lefts.map((left) => left + grid.sizeX),
    mask.scaleX,
    mask.widthPixels,
  );
  const tops = starts(grid.rows, grid.stepY);
  const y0 = splitPositions(tops, mask.scaleY, mask.heightPixels);
  const y1 = splitPositions(
    tops.map((top) => top + grid.sizeY),
    mask.scaleY,
    mask.heightPixels,
  );
  const area = (grid.sizeX / mask.scaleX) * (grid.sizeY / mask.scaleY);
  const sumTo = (base: number, fx: number, fy: number): number => {
    const upper = (table[base] as number) * (1 - fx) + (table[base + 1] as number) * fx;
    const lower = (table[base + stride] as number) * (1 - fx) + (table[base + stride + 1] as number) * fx;
    return upper * (1 - fy) + lower * fy;
  };
  for (let row = 0; row < grid.rows; row++) {
    const top = (y0.whole[row] as number) * stride;
    const bottom = (y1.whole[row] as number) * stride;
    const fTop = y0.fraction[row] as number;
    const fBottom = y1.fraction[row] as number;
    for (let column = 0; column < grid.columns; column++) {
      const left = x0.whole[column] as number;
      const right = x1.whole[column] as number;
      const fLeft = x0.fraction[column] as number;
      const fRight = x1.fraction[column] as number;
      const tissue =
        sumTo(bottom + right, fRight, fBottom) -
        sumTo(bottom + left, fLeft, fBottom) -
        sumTo(top + right, fRight, fTop) +
        sumTo(top + left, fLeft, fTop);
      visit(row * grid.columns + column, Math.min(1, Math.max(0, tissue / area)));
    }
  }
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
  if (cellCount > MAX_CELLS)
    refuse("patchSize", `The grid would have more than ${MAX_CELLS} cells.`, "Use larger patches or less overlap.");
  const cells = new Uint32Array(cellCount);
  const tissueShare = new Float32Array(cellCount);
  let kept = 0;
  visitShares(geometry, mask, (cell, share) => {
    if (share < recipe.minTissue - SHARE_TOLERANCE) return;
    cells[kept] = cell;
    tissueShare[kept++] = share;
  });
  return { ...geometry, cells: cells.slice(0, kept), tissueShare: tissueShare.slice(0, kept) };
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
