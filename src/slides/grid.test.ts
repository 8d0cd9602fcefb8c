import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellOrigin, nearestFinerLevel, patchRegion, planGrid } from "./grid.ts";
import type { GridRecipe, TissueMask } from "./types.ts";

const fullMask = (widthPixels: number, heightPixels: number, edge = 64): TissueMask => ({
  widthPixels: edge,
  heightPixels: edge,
  data: new Uint8Array(edge * edge).fill(1),
  scaleX: widthPixels / edge,
  scaleY: heightPixels / edge,
  tissueShare: 1,
  isDarkfield: false,
});

const recipe = (changes: Partial<GridRecipe> = {}): GridRecipe => ({
  widthPixels: 5000,
  heightPixels: 4000,
  micronsPerPixel: { x: 0.25, y: 0.25 },
  patchSize: 224,
  targetMicronsPerPixel: 0.5,
  overlap: 0,
  minTissue: 0.5,
  ...changes,
});

const recipes = fc
  .record({
    widthPixels: fc.integer({ min: 1, max: 20_000 }),
    heightPixels: fc.integer({ min: 1, max: 20_000 }),
    micronsPerPixel: fc.record({
      x: fc.double({ min: 0.1, max: 1, noNaN: true }),
      y: fc.double({ min: 0.1, max: 1, noNaN: true }),
    }),
    patchSize: fc.integer({ min: 64, max: 512 }),
    coarsening: fc.double({ min: 0.85, max: 8, noNaN: true }),
    overlapShare: fc.double({ min: 0, max: 0.75, noNaN: true }),
  })
  .map(({ coarsening, overlapShare, ...rest }) =>
    recipe({
      ...rest,
      targetMicronsPerPixel: Math.max(rest.micronsPerPixel.x, rest.micronsPerPixel.y) * coarsening,
      overlap: Math.floor(rest.patchSize * overlapShare),
    }),
  );

describe("planGrid", () => {
  it("keeps every patch inside the slide, and could not add a row or a column", () => {
    fc.assert(
      fc.property(recipes, (asked) => {
        const grid = planGrid(asked, fullMask(asked.widthPixels, asked.heightPixels));
        const endX = (column: number) => Math.round(column * grid.stepX) + grid.sizeX;
        const endY = (row: number) => Math.round(row * grid.stepY) + grid.sizeY;
        expect(grid.cells.length).toBe(grid.columns * grid.rows);
        if (grid.columns > 0) expect(endX(grid.columns - 1)).toBeLessThanOrEqual(asked.widthPixels);
        if (grid.rows > 0) expect(endY(grid.rows - 1)).toBeLessThanOrEqual(asked.heightPixels);
        expect(endX(grid.columns)).toBeGreaterThan(asked.widthPixels);
        expect(endY(grid.rows)).toBeGreaterThan(asked.heightPixels);
      }),
    );
  });

  it("leaves no gap and no unasked overlap beyond one pixel of rounding, however far from the origin", () => {
    fc.assert(
      fc.property(recipes, (asked) => {
        const grid = planGrid({ ...asked, overlap: 0 }, fullMask(asked.widthPixels, asked.heightPixels));
        for (let column = 1; column < grid.columns; column++) {
          const distance = cellOrigin(grid, column).x - cellOrigin(grid, column - 1).x;
          expect(Math.abs(distance - grid.sizeX)).toBeLessThanOrEqual(1);
          expect(Math.abs(cellOrigin(grid, column).x - column * grid.stepX)).toBeLessThanOrEqual(0.5);
        }
      }),
    );
  });

  it("overlaps neighbours by what was asked", () => {
    fc.assert(
      fc.property(recipes, (asked) => {
        const grid = planGrid(asked, fullMask(asked.widthPixels, asked.heightPixels));
        const scale = asked.targetMicronsPerPixel / asked.micronsPerPixel.y;
        expect(grid.stepY).toBeCloseTo((asked.patchSize - asked.overlap) * scale, 9);
        for (let row = 1; grid.columns > 0 && row < grid.rows; row++) {
          const shared =
            cellOrigin(grid, (row - 1) * grid.columns).y + grid.sizeY - cellOrigin(grid, row * grid.columns).y;
          expect(Math.abs(shared - asked.overlap * scale)).toBeLessThanOrEqual(1.5);
        }
      }),
    );
  });

  it("gives the same cells for the same recipe, ascending and unique", () => {
    fc.assert(
      fc.property(recipes, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (asked, seed) => {
        const mask = fullMask(asked.widthPixels, asked.heightPixels);
        for (let i = 0; i < mask.data.length; i++) mask.data[i] = (Math.imul(i + 1, seed) >>> 16) & 1;
        const grid = planGrid(asked, mask);
        expect(planGrid(asked, mask)).toEqual(grid);
        expect([...grid.cells]).toEqual([...new Set(grid.cells)].sort((a, b) => a - b));
        expect(grid.tissueShare.every((share) => share >= asked.minTissue - 1e-5 && share <= 1)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("measures the tissue of a patch exactly, also when it does not align with the mask", () => {
    const mask = fullMask(1000, 1000, 10);
    mask.data.fill(0, 50);
    const grid = planGrid(
      recipe({ widthPixels: 1000, heightPixels: 1000, patchSize: 150, targetMicronsPerPixel: 0.25, minTissue: 0 }),
      mask,
    );
    const shareOfRow = (row: number) => grid.tissueShare[row * grid.columns] ?? Number.NaN;
    // Tissue ends at y = 500; the fourth row covers 450 to 600.
    expect([0, 1, 2, 3, 4].map(shareOfRow).map((share) => Number(share.toFixed(6)))).toEqual([1, 1, 1, 0.333333, 0]);
    expect(
      planGrid(recipe({ widthPixels: 1000, heightPixels: 1000, minTissue: 1 }), mask).cells.length,
    ).toBeGreaterThan(0);
  });

  it("uses each axis's own resolution", () => {
    const grid = planGrid(recipe({ micronsPerPixel: { x: 0.25, y: 0.5 } }), fullMask(5000, 4000));
    expect(grid).toMatchObject({ sizeX: 448, sizeY: 224, columns: 11, rows: 17 });
  });

  it("does not drift on a slide of 0.499 µm/px asked at 0.5", () => {
    const grid = planGrid(
      recipe({ widthPixels: 100_000, micronsPerPixel: { x: 0.499, y: 0.499 } }),
      fullMask(100_000, 4000),
    );
    expect(cellOrigin(grid, 440).x).toBe(Math.round((440 * 224 * 0.5) / 0.499));
    expect(grid.sizeX).toBe(224);
  });

  it("has no cell on a slide smaller than a patch", () => {
    expect(planGrid(recipe({ widthPixels: 100 }), fullMask(100, 4000)).cells.length).toBe(0);
  });

  it("refuses to invent detail: a 40x recipe on a 20x slide", () => {
    const on20x = recipe({ micronsPerPixel: { x: 0.5, y: 0.5 }, targetMicronsPerPixel: 0.25 });
    expect(() => planGrid(on20x, fullMask(5000, 4000))).toThrow(
      expect.objectContaining({
        code: "BAD_ARGUMENT",
        inputPath: ["grid", "micronsPerPixel"],
        fix: expect.stringContaining("0.5"),
      }),
    );
    const nearly = recipe({ micronsPerPixel: { x: 0.58, y: 0.58 } });
    expect(planGrid(nearly, fullMask(5000, 4000)).cells.length).toBeGreaterThan(0);
  });

  it.each([
    ["patchSize", { patchSize: 0 }],
    ["patchSize", { patchSize: 1.5 }],
    ["overlap", { overlap: 224 }],
    ["overlap", { overlap: -1 }],
    ["minTissue", { minTissue: Number.NaN }],
    ["minTissue", { minTissue: 1.1 }],
    ["micronsPerPixel", { targetMicronsPerPixel: 0 }],
    ["micronsPerPixel", { micronsPerPixel: { x: Number.NaN, y: 1 } }],
  ])("refuses an impossible %s: %j", (argument, changes) => {
    expect(() => planGrid(recipe(changes), fullMask(5000, 4000))).toThrow(
      expect.objectContaining({ code: "BAD_ARGUMENT", inputPath: ["grid", argument] }),
    );
  });
});

describe("patchRegion", () => {
  const levels = [1, 4.0001, 16.002].map((downsample) => ({
    widthPixels: Math.floor(50_000 / downsample),
    heightPixels: Math.floor(40_000 / downsample),
    downsample,
  }));

  it("reads the nearest finer level, and takes one that is coarser by rounding only", () => {
    expect(nearestFinerLevel(levels, 1)).toBe(0);
    expect(nearestFinerLevel(levels, 3.9)).toBe(0);
    expect(nearestFinerLevel(levels, 4)).toBe(1);
    expect(nearestFinerLevel(levels, 15)).toBe(1);
    expect(nearestFinerLevel(levels, 1000)).toBe(2);
    expect(nearestFinerLevel(levels, 0.9)).toBe(0);
  });

  it("gives one shape for all cells", () => {
    const grid = planGrid(
      recipe({ widthPixels: 50_000, heightPixels: 40_000, targetMicronsPerPixel: 1 }),
      fullMask(50_000, 40_000),
    );
    expect(patchRegion(levels, grid)).toEqual({ level: 1, widthPixels: 224, heightPixels: 224 });
  });
});
