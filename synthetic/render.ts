/** One patient's slide: regions, vessels, cells, then pixels. */
import { type PlacedCell, placeTissueCells } from "./cells.ts";
import type { InvasionPattern } from "./cohort.ts";
import { type Planes, paintGround } from "./ground.ts";
import { type Point, placeImmuneCells } from "./immune.ts";
import { CELL_MICRONS, cellAt, type Layout, makeLayout } from "./layout.ts";
import { noiseBank } from "./noise.ts";
import { makeSpriteBank, pickSprite } from "./nuclei.ts";
import { randomStream } from "./random.ts";
import { makeSpacing } from "./spacing.ts";
import type { Sprite } from "./sprites.ts";
import { type Appearance, blurPlane, composeColour, drawAppearance } from "./stain.ts";
import { growVessels, type Vasculature, type Vessel, vesselBox, vesselDistance } from "./vessels.ts";

/** Everything that is on a slide, before it is drawn. */
export type Scene = {
  layout: Layout;
  vasculature: Vasculature;
  /** Middles of the CD3+ cells, level-0 pixels. */
  immuneCells: Point[];
  tissueCells: PlacedCell[];
};

export type SlideRecipe = {
  seed: number;
  patientIndex: number;
  pattern: InvasionPattern;
  site: string;
  /** Width and height in level-0 pixels, a multiple of 256. */
  edgePixels: number;
};

/** Decides what is where. */
export const composeScene = ({ seed, patientIndex, pattern, edgePixels }: SlideRecipe): Scene => {
  const layout = makeLayout(seed, patientIndex, edgePixels);
  const vasculature = growVessels(seed, patientIndex, layout);
  const spacing = makeSpacing(edgePixels);
  const immuneCells = placeImmuneCells(seed, patientIndex, pattern, layout, vasculature, spacing);
  const tissueCells = placeTissueCells(seed, patientIndex, layout, vasculature, spacing);
  return { layout, vasculature, immuneCells, tissueCells };
};

/** Adds a sprite's densities around a point; what falls off the slide is cut. */
const stamp = (
  planes: Planes,
  edge: number,
  sprite: Sprite,
  x: number,
  y: number,
  hFactor: number,
  dFactor: number,
): void => {
  const { size, haematoxylin, dab } = sprite;
  const left = Math.round(x) - (size >> 1);
  const top = Math.round(y) - (size >> 1);
  const firstColumn = Math.max(0, -left);
  const endColumn = Math.min(size, edge - left);
  for (let row = Math.max(0, -top), endRow = Math.min(size, edge - top); row < endRow; row++) {
    const from = row * size;
    const to = (top + row) * edge + left;
    for (let column = firstColumn; column < endColumn; column++) {
      const before = planes.haematoxylin[to + column] as number;
      const added = hFactor * (haematoxylin[from + column] as number);
      // A section is hardly thicker than a nucleus: where two overlap, each is cut thinner.
      const h = before + (added > 0 ? added * Math.max(0.25, 1 - before) : added);
      planes.haematoxylin[to + column] = Math.max(h, 0);
    }
    if (!dab) continue;
    for (let column = firstColumn; column < endColumn; column++) {
      planes.dab[to + column] = (planes.dab[to + column] as number) + dFactor * (dab[from + column] as number);
    }
  }
};

/** Clears the lumen, lays the wall around it and thins the space outside. */
const paintVessel = (planes: Planes, edge: number, vessel: Vessel, appearance: Appearance): void => {
  const { left, top, right, bottom } = vesselBox(vessel, vessel.wall + vessel.gap + 4, edge);
  const { grain } = noiseBank();
  const wallDensity = (vessel.glomeruloid ? 0.14 : 0.12) * appearance.neuropilDensity;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const distance = vesselDistance(vessel, x, y);
      if (distance > vessel.wall + vessel.gap + 2) continue;
      const at = y * edge + x;
      const clear = Math.min(1, Math.max(0, 0.5 - distance / 1.6));
      const wall = Math.min(1, Math.max(0, 0.5 + (vessel.wall - distance) / 1.8)) * (1 - clear);
      const space = vessel.gap > 1 ? Math.min(1, Math.max(0, 0.5 + (vessel.wall + vessel.gap - distance) / 3)) : 0;
      const layered =
        1 + 0.16 * (grain.values[(x & 511) + ((y & 511) << 9)] as number) + 0.15 * Math.cos(distance * 1.3);
      const ground = planes.haematoxylin[at] as number;
      const thinned =
        ground * (1 - space * (0.62 + 0.12 * (grain.values[((x >> 1) & 511) + (((y >> 1) & 511) << 9)] as number)));
      planes.haematoxylin[at] = thinned * (1 - wall) * (1 - 0.95 * clear) + wall * wallDensity * layered;
      planes.dab[at] = (planes.dab[at] as number) * (1 - 0.9 * clear) * (1 - 0.6 * space * (1 - wall));
    }
  }
};

/** Draws a scene; RGB bytes, row by row, `edgePixels` × `edgePixels` × 3. */
export const paintScene = (scene: Scene, recipe: SlideRecipe): Uint8ClampedArray => {
  const { seed, patientIndex, site, edgePixels: edge } = recipe;
  const appearance = drawAppearance(seed, patientIndex, site);
  const random = randomStream(seed, "paint", patientIndex);
  const style = { scale: random.uniform(0.92, 1.08), pleomorphism: random.uniform(0.7, 1.5) };
  const bank = makeSpriteBank(seed, patientIndex, style);
  const planes = paintGround(seed, patientIndex, scene.layout, appearance);
  for (const vessel of scene.vasculature.vessels) paintVessel(planes, edge, vessel, appearance);
  for (const { kind, x, y, angle, strength } of scene.tissueCells) {
    const factor = kind === "erythrocyte" ? 1 : strength * appearance.nuclearDensity;
    stamp(planes, edge, pickSprite(random, bank, kind, angle), x, y, factor, strength);
  }
  for (const { x, y } of scene.immuneCells) {
    const brown = appearance.dabDensity * Math.max(0.45, random.normal(1, 0.22));
    stamp(planes, edge, pickSprite(random, bank, "lymphocyte", 0), x, y, appearance.nuclearDensity, brown);
  }
  blurPlane(planes.haematoxylin, edge, appearance.blur);
  blurPlane(planes.dab, edge, appearance.blur);
  return composeColour(planes.haematoxylin, planes.dab, edge, appearance, patientIndex * 7919);
};

/**
 * CD3+ cells per mm² in each layout cell: every cell spread as a Gaussian of 12 µm, so the sum over the map times the
 * area of a layout cell is the number of CD3+ cells (less what spreads beyond the slide's edge).
 */
export const immuneDensity = (layout: Layout, immuneCells: readonly Point[], sigmaCells = 3): Float32Array => {
  const { cells } = layout;
  const density = new Float32Array(cells * cells);
  const reach = Math.ceil(3 * sigmaCells);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigmaCells ** 2)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const perSquareMillimetre = 1 / (total * total * (CELL_MICRONS * 0.001) ** 2);
  for (const { x, y } of immuneCells) {
    const cell = cellAt(layout, x, y);
    const column = cell % cells;
    const row = (cell - column) / cells;
    for (let r = Math.max(0, row - reach); r <= Math.min(cells - 1, row + reach); r++) {
      for (let c = Math.max(0, column - reach); c <= Math.min(cells - 1, column + reach); c++) {
        const weight = (kernel[r - row + reach] as number) * (kernel[c - column + reach] as number);
        density[r * cells + c] = (density[r * cells + c] as number) + weight * perSquareMillimetre;
      }
    }
  }
  return density;
};
