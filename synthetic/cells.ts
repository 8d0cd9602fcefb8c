/** Which nuclei stand where: glia and neurons of the brain, tumour cells, vessel walls, debris. */
import { CELL_MICRONS, CELL_PIXELS, cellAt, type Layout, TISSUE_CLASSES } from "./layout.ts";
import { noiseBank, sampleTile } from "./noise.ts";
import type { CellKind } from "./nuclei.ts";
import { type Random, randomStream } from "./random.ts";
import type { Spacing } from "./spacing.ts";
import { pointNearVessel, type Vasculature, vesselBox, vesselDistance } from "./vessels.ts";

/** A cell to draw: middle in level-0 pixels, direction in radians, factor on its optical density. */
export type PlacedCell = { kind: CellKind; x: number; y: number; angle: number; strength: number };

/** Room that a nucleus of each kind claims, pixels; less than its size where nuclei may overlap. */
const CLAIMED_RADIUS: Record<CellKind, number> = {
  oligodendrocyte: 6.5,
  astrocyte: 7.5,
  neuron: 15,
  tumour: 5.2,
  endothelial: 2.6,
  pyknotic: 3,
  lymphocyte: 6.2,
  erythrocyte: 4.4,
};

/** Nuclei per mm² of a patient; drawn without knowing the pattern. */
type Cellularity = { brain: number; tumour: number; necrosis: number };

const drawCellularity = (seed: number, patientIndex: number): Cellularity => {
  const random = randomStream(seed, "cellularity", patientIndex);
  return { brain: random.uniform(800, 1500), tumour: random.uniform(3200, 6200), necrosis: random.uniform(700, 2000) };
};

const jitter = (random: Random): number => Math.max(0.6, random.normal(1, 0.12));

const endothelium = (random: Random, { vessels }: Vasculature, spacing: Spacing): PlacedCell[] => {
  const cells: PlacedCell[] = [];
  for (const vessel of vessels) {
    const outline = vessel.lumens.reduce((sum, l) => sum + 2 * Math.hypot(l.x1 - l.x0, l.y1 - l.y0) + 6.3 * l.r0, 0);
    const layers = vessel.glomeruloid ? 2.6 : 1 + Math.max(0, vessel.wall - 8) / 9;
    const wanted = Math.max(2, Math.round((outline / 24) * layers * random.uniform(0.45, 1)));
    for (let attempt = 0, placed = 0; attempt < 4 * wanted && placed < wanted; attempt++) {
      const depth = 1.5 + (vessel.wall - 2) * random.uniform() ** (layers > 1.5 ? 1 : 2.5);
      const { x, y, angle } = pointNearVessel(random, vessel, depth);
      if (!spacing.claim(x, y, CLAIMED_RADIUS.endothelial)) continue;
      const turn = Math.PI / 2 + random.normal(0, vessel.glomeruloid ? 0.35 : 0.12);
      cells.push({ kind: "endothelial", x, y, angle: angle + turn, strength: jitter(random) });
      placed++;
    }
  }
  return cells;
};

const erythrocytes = (random: Random, { vessels }: Vasculature, edgePixels: number): PlacedCell[] => {
  const cells: PlacedCell[] = [];
  for (const vessel of vessels) {
    // Some vessels are rinsed empty by the processing.
    const filling = random.uniform() < 0.3 ? 0 : random.uniform(0.2, 0.9);
    const { left, top, right, bottom } = vesselBox(vessel, 0, edgePixels);
    for (let y = top; y < bottom; y += 9) {
      for (let x = left; x < right; x += 9) {
        const point = { x: x + random.uniform(0, 9), y: y + random.uniform(0, 9) };
        if (random.uniform() >= filling || vesselDistance(vessel, point.x, point.y) > -4) continue;
        cells.push({ kind: "erythrocyte", ...point, angle: 0, strength: random.uniform(0.7, 1.2) });
      }
    }
  }
  return cells;
};

type Expectation = { kind: CellKind; perSquareMillimetre: number };

/** What a place grows: a mixture of kinds with their densities. */
const expectationsAt = (layout: Layout, cell: number, cellularity: Cellularity): Expectation[] => {
  const rimMicrons = -(layout.necrosisDistance[cell] as number);
  if (rimMicrons < 0) return [{ kind: "pyknotic", perSquareMillimetre: cellularity.necrosis }];
  const share = layout.tumourShare[cell] as number;
  const white = layout.whiteMatter[cell] as number;
  const brain = cellularity.brain * (1 - 0.85 * share);
  // Pseudopalisades: tumour nuclei crowd just outside necrosis.
  const palisade = rimMicrons < 45 && layout.classes[cell] === TISSUE_CLASSES.tumourCore ? 1.6 : 1;
  return [
    { kind: "oligodendrocyte", perSquareMillimetre: brain * (0.3 + 0.65 * white) },
    { kind: "astrocyte", perSquareMillimetre: brain * 0.28 },
    { kind: "neuron", perSquareMillimetre: brain * 0.17 * (1 - white) },
    { kind: "tumour", perSquareMillimetre: cellularity.tumour * palisade * share ** 1.25 },
  ];
};

/** Direction along which a nucleus lies: with the fibres, or pointing away from nearby necrosis. */
const angleAt = (layout: Layout, cell: number): number => {
  const { necrosisDistance, cells } = layout;
  const rimMicrons = -(necrosisDistance[cell] as number);
  if (rimMicrons < 0 || rimMicrons > 45) return layout.fibreAngle[cell] as number;
  const across = (necrosisDistance[cell + 2] ?? 0) - (necrosisDistance[cell - 2] ?? 0);
  const down = (necrosisDistance[cell + 2 * cells] ?? 0) - (necrosisDistance[cell - 2 * cells] ?? 0);
  return Math.atan2(down, across);
};

const parenchyma = (
  random: Random,
  layout: Layout,
  wallDistance: Float32Array,
  cellularity: Cellularity,
  spacing: Spacing,
): PlacedCell[] => {
  const placed: PlacedCell[] = [];
  const { broad } = noiseBank();
  const [clumpX, clumpY] = [random.uniform(0, 256), random.uniform(0, 256)];
  const squareMillimetresPerCell = (CELL_MICRONS * 0.001) ** 2;
  // Cells in random order: going row by row, the upper left of a crowd would always win the room.
  for (const cell of random.shuffled(Array.from(layout.classes.keys()))) {
    if ((layout.tissueDistance[cell] as number) < 3 || (wallDistance[cell] as number) < 2.5) continue;
    const column = cell % layout.cells;
    const row = (cell - column) / layout.cells;
    const clump = Math.exp(0.38 * sampleTile(broad, clumpX + column * 2.3, clumpY + row * 2.3));
    for (const { kind, perSquareMillimetre } of expectationsAt(layout, cell, cellularity)) {
      if (random.uniform() >= perSquareMillimetre * clump * squareMillimetresPerCell) continue;
      const x = (column + random.uniform()) * CELL_PIXELS;
      const y = (row + random.uniform()) * CELL_PIXELS;
      if (!spacing.claim(x, y, CLAIMED_RADIUS[kind])) continue;
      const spread = kind === "tumour" ? 0.35 : 1.2;
      placed.push({ kind, x, y, angle: angleAt(layout, cell) + random.normal(0, spread), strength: jitter(random) });
    }
  }
  return placed;
};

/** All cells but the CD3+ ones, which must have claimed their places before. */
export const placeTissueCells = (
  seed: number,
  patientIndex: number,
  layout: Layout,
  vasculature: Vasculature,
  spacing: Spacing,
): PlacedCell[] => {
  const random = randomStream(seed, "cells", patientIndex);
  const cellularity = drawCellularity(seed, patientIndex);
  return [
    ...erythrocytes(random, vasculature, layout.edgePixels),
    ...endothelium(random, vasculature, spacing),
    ...parenchyma(random, layout, vasculature.wallDistance, cellularity, spacing),
  ].filter(({ x, y }) => (layout.tissueDistance[cellAt(layout, x, y)] as number) > 0);
};
