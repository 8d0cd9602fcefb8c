/** The tissue between the nuclei: neuropil, fibres, vacuoles, necrotic debris, and its ragged outline on the glass. */
import { CELL_PIXELS, type Layout } from "./layout.ts";
import { fibreField, noiseBank } from "./noise.ts";
import { randomStream } from "./random.ts";

/** Optical densities per level-0 pixel. */
export type Planes = { haematoxylin: Float32Array; dab: Float32Array };

/** What the ground is like in each layout cell: density, and the strength of each texture in it. */
type Ground = {
  density: Float32Array;
  fibre: Float32Array;
  grain: Float32Array;
  vacuole: Float32Array;
  /** How much of the patient's brown haze sticks here. */
  haze: Float32Array;
};

const mix = (from: number, to: number, share: number): number => from + (to - from) * share;

const groundOf = (layout: Layout, unevenness: (cell: number) => number): Ground => {
  const { cells } = layout;
  const make = (): Float32Array => new Float32Array(cells * cells);
  const ground: Ground = { density: make(), fibre: make(), grain: make(), vacuole: make(), haze: make() };
  for (let cell = 0; cell < cells * cells; cell++) {
    const white = layout.whiteMatter[cell] as number;
    const share = layout.tumourShare[cell] as number;
    // Necrosis fades in over 24 µm, tissue thickens at its drying outline.
    const dead = Math.min(1, Math.max(0, (layout.necrosisDistance[cell] as number) / 24 + 0.5));
    const outline = Math.exp(-(((layout.tissueDistance[cell] as number) / 9) ** 2));
    const brainDensity = mix(0.128, 0.112, white);
    ground.density[cell] =
      mix(mix(brainDensity, 0.135, share), 0.1, dead) * (1 + 0.13 * unevenness(cell)) + 0.02 * outline;
    ground.fibre[cell] = mix(mix(mix(0.009, 0.02, white), 0.024, share), 0.004, dead);
    ground.grain[cell] = mix(mix(mix(0.013, 0.01, white), 0.012, share), 0.02, dead);
    ground.vacuole[cell] = mix(mix(mix(0.05, 0.075, white), 0.06, share), 0.02, dead);
    ground.haze[cell] = mix(mix(0.8, 1.1, share), 1.5, dead);
  }
  return ground;
};

/** Fills `target` with one pixel row of a layout field, interpolated between cell centres. */
const interpolateRow = (field: Float32Array, cells: number, y: number, target: Float32Array): void => {
  const v = Math.min(cells - 1, Math.max(0, (y + 0.5) / CELL_PIXELS - 0.5));
  const row = Math.min(cells - 2, Math.floor(v));
  const fy = v - row;
  const top = row * cells;
  const valueAt = (column: number): number =>
    (field[top + column] as number) * (1 - fy) + (field[top + cells + column] as number) * fy;
  const half = CELL_PIXELS / 2;
  target.fill(valueAt(0), 0, half);
  for (let column = 0; column < cells - 1; column++) {
    const from = valueAt(column);
    const step = (valueAt(column + 1) - from) / CELL_PIXELS;
    const start = half + column * CELL_PIXELS;
    for (let i = 0; i < CELL_PIXELS; i++) target[start + i] = from + step * (i + 0.5);
  }
  target.fill(valueAt(cells - 1), (cells - 1) * CELL_PIXELS + half);
};

/** Fibre texture at half the resolution of the slide. */
const halfResolutionFibres = (layout: Layout): Float32Array => {
  const perCell = CELL_PIXELS / 2;
  const last = layout.cells - 1;
  return fibreField(noiseBank().white, layout.edgePixels / 2, 7, (x, y) => {
    const column = Math.min(last, Math.floor(x / perCell));
    const row = Math.min(last, Math.floor(y / perCell));
    return layout.fibreAngle[row * layout.cells + column] as number;
  });
};

/** Paints a patient's ground; densities are factors on `neuropilDensity`, `dabHaze` is an optical density. */
export const paintGround = (
  seed: number,
  patientIndex: number,
  layout: Layout,
  { neuropilDensity, dabHaze }: { neuropilDensity: number; dabHaze: number },
): Planes => {
  const random = randomStream(seed, "ground", patientIndex);
  const { edgePixels: edge, cells } = layout;
  const { broad, mottled, grain } = noiseBank();
  const offset = (): number => random.below(4096);
  const [broadX, broadY, mottledX, mottledY, grainX, grainY] = [
    offset(),
    offset(),
    offset(),
    offset(),
    offset(),
    offset(),
  ];
  const unevenness = (cell: number): number => {
    const column = cell % cells;
    const row = (cell - column) / cells;
    return broad.values[
      ((row + broadY) & (broad.edge - 1)) * broad.edge + ((column + broadX) & (broad.edge - 1))
    ] as number;
  };
  const ground = groundOf(layout, unevenness);
  const fibres = halfResolutionFibres(layout);
  const planes = { haematoxylin: new Float32Array(edge * edge), dab: new Float32Array(edge * edge) };
  const row = () => new Float32Array(edge);
  const [density, fibre, grained, vacuole, haze, tissue] = [row(), row(), row(), row(), row(), row()];
  const mask = mottled.edge - 1;
  const halfEdge = edge / 2;
  for (let y = 0; y < edge; y++) {
    interpolateRow(layout.tissueDistance, cells, y, tissue);
    interpolateRow(ground.density, cells, y, density);
    interpolateRow(ground.fibre, cells, y, fibre);
    interpolateRow(ground.grain, cells, y, grained);
    interpolateRow(ground.vacuole, cells, y, vacuole);
    interpolateRow(ground.haze, cells, y, haze);
    const mottledRow = ((y + mottledY) & mask) * mottled.edge;
    const vacuoleRow = (((y << 1) + mottledX) & mask) * mottled.edge;
    const grainRow = ((y + grainY) & mask) * grain.edge;
    const fibreRow = Math.min(halfEdge - 2, Math.max(0, (y - 1) >> 1)) * halfEdge;
    const fibreShareY = y & 1 ? 0.25 : 0.75;
    for (let x = 0; x < edge; x++) {
      const mottle = mottled.values[mottledRow + ((x + mottledX) & mask)] as number;
      // The outline frays by a few µm; well inside there is nothing to decide.
      const inside = (tissue[x] as number) + 2.2 * mottle;
      if (inside < -1) continue;
      const cover = inside > 1 ? 1 : (inside + 1) / 2;
      const speck = grain.values[grainRow + ((x + grainX) & mask)] as number;
      const left = fibreRow + Math.min(halfEdge - 2, Math.max(0, (x - 1) >> 1));
      const fibreShareX = x & 1 ? 0.25 : 0.75;
      const strand =
        fibreShareY * (fibreShareX * (fibres[left] as number) + (1 - fibreShareX) * (fibres[left + 1] as number)) +
        (1 - fibreShareY) *
          (fibreShareX * (fibres[left + halfEdge] as number) +
            (1 - fibreShareX) * (fibres[left + halfEdge + 1] as number));
      const hole = Math.max(0, (mottled.values[vacuoleRow + (((x << 1) + grainX) & mask)] as number) - 1.15);
      const h =
        (density[x] as number) +
        (fibre[x] as number) * strand +
        (grained[x] as number) * (speck + 0.7 * mottle) -
        (vacuole[x] as number) * hole;
      const at = y * edge + x;
      planes.haematoxylin[at] = Math.max(0.006, h * neuropilDensity) * cover;
      planes.dab[at] = dabHaze * (haze[x] as number) * (1 + 0.25 * speck) * cover;
    }
  }
  return planes;
};
