/** Where things are on a slide: glass, background brain, infiltration zone, tumour core, necrosis, fibre direction. */
import { noiseBank, sampleTile } from "./noise.ts";
import { type Random, randomStream } from "./random.ts";

export const MICRONS_PER_PIXEL = 0.5;
/** The layout and the truth maps have one cell per 8 × 8 level-0 pixels (4 µm). */
export const CELL_PIXELS = 8;
export const CELL_MICRONS = CELL_PIXELS * MICRONS_PER_PIXEL;

export const TISSUE_CLASSES = {
  glass: 0,
  backgroundBrain: 1,
  tumourCore: 2,
  infiltrationZone: 3,
  perivascular: 4,
  necrosis: 5,
} as const;

/** Fields over the slide, each `cells` × `cells`, row by row. */
export type Layout = {
  edgePixels: number;
  cells: number;
  /** A value of TISSUE_CLASSES per cell. Perivascular cells are added by the vessels. */
  classes: Uint8Array;
  /** µm to the tissue's outline: positive inside the tissue, negative on glass. */
  tissueDistance: Float32Array;
  /** µm to the outline of necrosis: positive inside, negative outside. */
  necrosisDistance: Float32Array;
  /** µm beyond the outer border of the infiltration zone: positive in background brain. */
  outwardDistance: Float32Array;
  /** 1 in the tumour core, falling to 0 across the infiltration zone. */
  tumourShare: Float32Array;
  /** 0 grey matter to 1 white matter. */
  whiteMatter: Float32Array;
  /** Direction of fibres and of elongated nuclei, radians. */
  fibreAngle: Float32Array;
};

/** The value below which `share` of the values lie. */
const quantile = (values: number[], share: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};

/** Two-pass chamfer distance, in cells, from every cell to the nearest cell where `inside` is 1 (Borgefors 1986). */
const chamferDistance = (inside: Uint8Array, cells: number): Float32Array => {
  const far = cells * 2;
  const distance = Float32Array.from(inside, (value) => (value ? 0 : far));
  const relax = (at: number, x: number, y: number, dx: number, dy: number, step: number): void => {
    const column = x + dx;
    const row = y + dy;
    if (column < 0 || row < 0 || column >= cells || row >= cells) return;
    const candidate = (distance[row * cells + column] as number) + step;
    if (candidate < (distance[at] as number)) distance[at] = candidate;
  };
  for (let pass = 0; pass < 2; pass++) {
    const back = pass === 0 ? -1 : 1;
    for (let i = 0; i < cells * cells; i++) {
      const at = pass === 0 ? i : cells * cells - 1 - i;
      const x = at % cells;
      const y = (at - x) / cells;
      relax(at, x, y, back, 0, 1);
      relax(at, x, y, 0, back, 1);
      relax(at, x, y, back, back, Math.SQRT2);
      relax(at, x, y, -back, back, Math.SQRT2);
    }
  }
  return distance;
};

/** µm to the border of a region, positive inside; the border lies half a cell from the centres on both sides. */
const signedDistance = (inside: Uint8Array, cells: number): Float32Array => {
  const toInside = chamferDistance(inside, cells);
  const toOutside = chamferDistance(
    Uint8Array.from(inside, (value) => 1 - value),
    cells,
  );
  return toInside.map((distance, i) => ((toOutside[i] as number) - distance + (inside[i] ? -0.5 : 0.5)) * CELL_MICRONS);
};

/** A smooth random field over the unit square; `features` is about how many bumps fit along an edge. */
const smoothField = (random: Random, features: number): ((u: number, v: number) => number) => {
  const tile = noiseBank().broad;
  // The tile's coarsest lattice cell is a quarter of its edge.
  const scale = (features * tile.edge) / 4;
  const offsetX = random.uniform(0, tile.edge);
  const offsetY = random.uniform(0, tile.edge);
  return (u, v) => sampleTile(tile, offsetX + u * scale, offsetY + v * scale);
};

/** Distance from a centre in a stretched, turned metric. */
const ellipseMetric = (random: Random, centreU: number, centreV: number): ((u: number, v: number) => number) => {
  const angle = random.uniform(0, Math.PI);
  const stretch = random.uniform(0.7, 1.4);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return (u, v) =>
    Math.hypot(((u - centreU) * cos + (v - centreV) * sin) * stretch, (v - centreV) * cos - (u - centreU) * sin);
};

const fill = (cells: number, valueAt: (u: number, v: number) => number): Float32Array => {
  const field = new Float32Array(cells * cells);
  for (let y = 0; y < cells; y++) {
    for (let x = 0; x < cells; x++) field[y * cells + x] = valueAt((x + 0.5) / cells, (y + 0.5) / cells);
  }
  return field;
};

const tissueField = (random: Random, cells: number): Float32Array => {
  const round = ellipseMetric(random, random.uniform(0.35, 0.65), random.uniform(0.35, 0.65));
  const cut = random.uniform(0, 2 * Math.PI);
  const roundness = random.uniform(0, 0.8);
  const coarse = smoothField(random, 3);
  const fine = smoothField(random, 11);
  return fill(
    cells,
    (u, v) =>
      (1 - roundness) * ((u - 0.5) * Math.cos(cut) + (v - 0.5) * Math.sin(cut)) -
      roundness * round(u, v) +
      0.05 * coarse(u, v) +
      0.012 * fine(u, v),
  );
};

const tumourField = (random: Random, cells: number): Float32Array => {
  const metric = ellipseMetric(random, random.uniform(0.1, 0.9), random.uniform(0.1, 0.9));
  const coarse = smoothField(random, 3);
  const fine = smoothField(random, 9);
  return fill(cells, (u, v) => metric(u, v) + 0.07 * coarse(u, v) + 0.015 * fine(u, v));
};

/** Values of a field where a class map has one class. */
const valuesWhere = (field: Float32Array, classes: Uint8Array, wanted: number): number[] => {
  const values: number[] = [];
  for (let i = 0; i < field.length; i++) if (classes[i] === wanted) values.push(field[i] as number);
  return values;
};

const growNecrosis = (random: Random, classes: Uint8Array, cells: number): void => {
  const { tumourCore, necrosis } = TISSUE_CLASSES;
  const depth = signedDistance(
    classes.map((value) => (value === tumourCore ? 1 : 0)),
    cells,
  );
  const deepest = Math.max(1, quantile(valuesWhere(depth, classes, tumourCore), 0.98));
  const coarse = smoothField(random, 5);
  const fine = smoothField(random, 16);
  const field = fill(cells, (u, v) => 0.5 * coarse(u, v) + 0.12 * fine(u, v));
  for (let i = 0; i < field.length; i++) {
    field[i] = (field[i] as number) + 1.1 * Math.min(1, (depth[i] as number) / (0.6 * deepest));
  }
  const threshold = quantile(valuesWhere(field, classes, tumourCore), 1 - random.uniform(0.06, 0.32));
  for (let i = 0; i < field.length; i++) {
    if (classes[i] === tumourCore && (field[i] as number) > threshold) classes[i] = necrosis;
  }
};

/**
 * The regions of one patient's slide. Everything is drawn from the patient's own streams, none of which knows the pattern.
 * The regions scale with the slide: a slide of a quarter of the edge shows the same shapes, smaller.
 */
export const makeLayout = (seed: number, patientIndex: number, edgePixels: number): Layout => {
  const cells = edgePixels / CELL_PIXELS;
  const random = randomStream(seed, "layout", patientIndex);
  const { glass, backgroundBrain, tumourCore, infiltrationZone, necrosis } = TISSUE_CLASSES;

  const tissue = tissueField(random, cells);
  const glassThreshold = quantile([...tissue], random.uniform(0.08, 0.34));
  const classes = Uint8Array.from(tissue, (value) => (value > glassThreshold ? backgroundBrain : glass));

  const tumour = tumourField(random, cells);
  const inTissue = valuesWhere(tumour, classes, backgroundBrain);
  const coreShare = random.uniform(0.24, 0.42);
  const coreEnd = quantile(inTissue, coreShare);
  const infiltrationEnd = quantile(inTissue, coreShare + random.uniform(0.22, 0.33));
  const tumourShare = new Float32Array(classes.length);
  for (let i = 0; i < classes.length; i++) {
    const share = (infiltrationEnd - (tumour[i] as number)) / (infiltrationEnd - coreEnd);
    tumourShare[i] = Math.min(1, Math.max(0, share));
    if (classes[i] !== glass && share > 0) classes[i] = share >= 1 ? tumourCore : infiltrationZone;
  }
  growNecrosis(random, classes, cells);

  const white = smoothField(random, 2.5);
  const mainAngle = random.uniform(0, Math.PI);
  const bend = smoothField(random, 2);
  const swirl = smoothField(random, 7);
  return {
    edgePixels,
    cells,
    classes,
    tissueDistance: signedDistance(
      classes.map((value) => (value === glass ? 0 : 1)),
      cells,
    ),
    necrosisDistance: signedDistance(
      classes.map((value) => (value === necrosis ? 1 : 0)),
      cells,
    ),
    outwardDistance: signedDistance(
      Uint8Array.from(tumour, (value) => (value >= infiltrationEnd ? 1 : 0)),
      cells,
    ),
    tumourShare,
    whiteMatter: fill(cells, (u, v) => Math.min(1, Math.max(0, 0.5 + 1.2 * white(u, v)))),
    fibreAngle: fill(cells, (u, v) => mainAngle + 0.7 * bend(u, v) + 0.35 * swirl(u, v)),
  };
};

/** The cell that holds a level-0 pixel position. */
export const cellAt = (layout: Layout, x: number, y: number): number => {
  const last = layout.cells - 1;
  const column = Math.min(last, Math.max(0, Math.floor(x / CELL_PIXELS)));
  const row = Math.min(last, Math.max(0, Math.floor(y / CELL_PIXELS)));
  return row * layout.cells + column;
};
