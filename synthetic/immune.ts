/**
 * Where the CD3+ cells are: the only thing on a slide that depends on the invasion pattern.
 * B, C and D draw their number of cells from the same range, so they differ in place and not in amount.
 */
import type { InvasionPattern } from "./cohort.ts";
import { cellAt, type Layout, MICRONS_PER_PIXEL, TISSUE_CLASSES } from "./layout.ts";
import { noiseBank, sampleTile } from "./noise.ts";
import { type Random, randomStream } from "./random.ts";
import type { Spacing } from "./spacing.ts";
import { pointNearVessel, type Vasculature } from "./vessels.ts";

export type Point = { x: number; y: number };

/** CD3+ cells per mm² of the whole field. */
const CELLS_PER_SQUARE_MILLIMETRE = { scarce: { from: 0, to: 12 }, plenty: { from: 260, to: 620 } };
const LYMPHOCYTE_RADIUS_PIXELS = 6.2;
/** Of the cells of pattern B, one in so many lies anywhere. Counted, not drawn: else crowded sleeves would drive more astray. */
const ONE_STRAY_IN = 14;

/** Proposes a place for the next cell after `placed` ones; undefined when this try found none. */
type Proposal = (placed: number) => Point | undefined;

/** Tries places all over the slide with a chance per layout cell, 0 to 1. */
const byChance =
  (random: Random, layout: Layout, chance: (cell: number, point: Point) => number): Proposal =>
  () => {
    const point = { x: random.uniform(0, layout.edgePixels), y: random.uniform(0, layout.edgePixels) };
    const cell = cellAt(layout, point.x, point.y);
    return random.uniform() < chance(cell, point) ? point : undefined;
  };

/** 0 outside the tissue and inside vessels, low in necrosis, else 1. */
const permitted = (layout: Layout, wallDistance: Float32Array, cell: number): number => {
  if ((layout.tissueDistance[cell] as number) < 5 || (wallDistance[cell] as number) < 2) return 0;
  return layout.classes[cell] === TISSUE_CLASSES.necrosis ? 0.08 : 1;
};

const clumping = (random: Random, strength: number): ((point: Point) => number) => {
  const { broad } = noiseBank();
  const [x0, y0] = [random.uniform(0, broad.edge), random.uniform(0, broad.edge)];
  return ({ x, y }) => Math.exp(strength * (sampleTile(broad, x0 + x * 0.2, y0 + y * 0.2) - 1.5));
};

/** Around some of the vessels, in sleeves of one to several cells, with a few that stray. */
const perivascular = (random: Random, layout: Layout, { vessels, wallDistance }: Vasculature): Proposal => {
  const weights = vessels.map(({ lumens, zone }) => {
    const outline = lumens.reduce((sum, l) => sum + 2 * Math.hypot(l.x1 - l.x0, l.y1 - l.y0) + 4 * l.r0, 0);
    const spared = random.uniform() < 0.25 ? 0.05 : 1;
    return spared * Math.sqrt(outline) * zone * Math.exp(random.normal(0, 0.5));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const anywhere = byChance(random, layout, (cell) => permitted(layout, wallDistance, cell));
  return (placed) => {
    if (placed % ONE_STRAY_IN === ONE_STRAY_IN - 1) return anywhere(placed);
    let mark = random.uniform(0, total);
    const index = weights.findIndex((weight) => {
      mark -= weight;
      return mark < 0;
    });
    const vessel = vessels[Math.max(0, index)];
    if (!vessel) return undefined;
    const depth = vessel.zone * 0.9 * random.uniform() ** 1.5;
    const point = pointNearVessel(random, vessel, vessel.wall + 5 + depth);
    const cell = cellAt(layout, point.x, point.y);
    const inside = point.x > 0 && point.y > 0 && point.x < layout.edgePixels && point.y < layout.edgePixels;
    return inside && permitted(layout, wallDistance, cell) === 1 ? point : undefined;
  };
};

/** In the background brain, thickest just outside the infiltration zone, with a few inside. */
const outsideInfiltration = (random: Random, layout: Layout, { wallDistance }: Vasculature): Proposal => {
  const clumps = clumping(random, 0.5);
  const reachMicrons = random.uniform(60, 140) * Math.sqrt(layout.edgePixels / 2048);
  return byChance(random, layout, (cell, point) => {
    const outward = layout.outwardDistance[cell] as number;
    const place = outward < 0 ? 0.035 : 0.12 + 0.88 * Math.exp(-outward / reachMicrons);
    return permitted(layout, wallDistance, cell) * place * clumps(point);
  });
};

/** All through the tissue. */
const diffuse = (random: Random, layout: Layout, { wallDistance }: Vasculature): Proposal => {
  const clumps = clumping(random, 0.35);
  return byChance(random, layout, (cell, point) => permitted(layout, wallDistance, cell) * clumps(point));
};

/** How many CD3+ cells a patient's slide has. */
const drawCount = (random: Random, pattern: InvasionPattern, edgePixels: number): number => {
  const { scarce, plenty } = CELLS_PER_SQUARE_MILLIMETRE;
  const squareMillimetres = (edgePixels * MICRONS_PER_PIXEL * 0.001) ** 2;
  const spread = random.uniform();
  const density =
    pattern === "A"
      ? scarce.from + spread * (scarce.to - scarce.from)
      : plenty.from * (plenty.to / plenty.from) ** spread;
  return Math.round(density * squareMillimetres);
};

/** The CD3+ cells of a slide, level-0 pixels; claims their places before any other cell does. */
export const placeImmuneCells = (
  seed: number,
  patientIndex: number,
  pattern: InvasionPattern,
  layout: Layout,
  vasculature: Vasculature,
  spacing: Spacing,
): Point[] => {
  const random = randomStream(seed, "immune", patientIndex);
  const count = drawCount(random, pattern, layout.edgePixels);
  const propose = { A: diffuse, B: perivascular, C: outsideInfiltration, D: diffuse }[pattern](
    random,
    layout,
    vasculature,
  );
  const cells: Point[] = [];
  // Crowded sleeves run out of room: let neighbours press closer before giving up.
  for (const closeness of [1, 0.8, 0.6]) {
    for (let attempt = 0; attempt < 400 * count && cells.length < count; attempt++) {
      const point = propose(cells.length);
      if (point && spacing.claim(point.x, point.y, LYMPHOCYTE_RADIUS_PIXELS * closeness)) cells.push(point);
    }
  }
  return cells;
};
