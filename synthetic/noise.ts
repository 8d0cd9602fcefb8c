/** Tileable noise fields, made once and then looked up. */
import { type Random, randomStream } from "./random.ts";

/** A square field that repeats in x and y; `edge` is a power of two, values have mean 0 and standard deviation 1. */
type NoiseTile = { edge: number; values: Float32Array };

const smooth = (t: number): number => t * t * (3 - 2 * t);

const standardise = (values: Float32Array): void => {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / values.length || 1);
  for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) - mean) * scale;
};

const addOctave = (values: Float32Array, edge: number, cells: number, amplitude: number, random: Random): void => {
  const lattice = new Float32Array(cells * cells);
  for (let i = 0; i < lattice.length; i++) lattice[i] = random.uniform(-1, 1);
  for (let y = 0; y < edge; y++) {
    const v = (y * cells) / edge;
    const row = Math.floor(v);
    const fy = smooth(v - row);
    const above = row * cells;
    const below = ((row + 1) % cells) * cells;
    for (let x = 0; x < edge; x++) {
      const u = (x * cells) / edge;
      const column = Math.floor(u);
      const fx = smooth(u - column);
      const next = (column + 1) % cells;
      const top = (lattice[above + column] as number) * (1 - fx) + (lattice[above + next] as number) * fx;
      const bottom = (lattice[below + column] as number) * (1 - fx) + (lattice[below + next] as number) * fx;
      values[y * edge + x] = (values[y * edge + x] as number) + amplitude * (top * (1 - fy) + bottom * fy);
    }
  }
};

/**
 * Value noise summed over octaves (fractional Brownian motion).
 * `cells`: lattice cells along an edge in the coarsest octave; each next octave has twice as many at `gain` the amplitude.
 */
const fractalTile = (random: Random, edge: number, cells: number, octaves: number, gain = 0.5): NoiseTile => {
  const values = new Float32Array(edge * edge);
  for (let octave = 0; octave < octaves && cells << octave <= edge; octave++) {
    addOctave(values, edge, cells << octave, gain ** octave, random);
  }
  standardise(values);
  return { edge, values };
};

/** Independent normal values. */
const whiteTile = (random: Random, edge: number): NoiseTile => {
  const values = new Float32Array(edge * edge);
  for (let i = 0; i < values.length; i++) values[i] = random.normal();
  standardise(values);
  return { edge, values };
};

/** The value at a point in tile pixels, repeated beyond the edge, interpolated between the four pixels around it. */
export const sampleTile = (tile: NoiseTile, x: number, y: number): number => {
  const mask = tile.edge - 1;
  const column = Math.floor(x);
  const row = Math.floor(y);
  const fx = x - column;
  const fy = y - row;
  const top = (row & mask) * tile.edge;
  const bottom = ((row + 1) & mask) * tile.edge;
  const left = column & mask;
  const right = (column + 1) & mask;
  const upper = (tile.values[top + left] as number) * (1 - fx) + (tile.values[top + right] as number) * fx;
  const lower = (tile.values[bottom + left] as number) * (1 - fx) + (tile.values[bottom + right] as number) * fx;
  return upper * (1 - fy) + lower * fy;
};

/**
 * Fibres: white noise smeared along a direction field (line integral convolution, Cabral & Leedom, SIGGRAPH 1993).
 * `angleAt(x, y)` in radians, in pixels of the `edge` × `edge` result; `reach` pixels to each side.
 * Mean 0, standard deviation 1; the result does not tile.
 */
export const fibreField = (
  white: NoiseTile,
  edge: number,
  reach: number,
  angleAt: (x: number, y: number) => number,
): Float32Array => {
  const mask = white.edge - 1;
  // Directions vary slowly: one per 4 × 4 pixels is enough, and keeps sine and cosine out of the inner loop.
  const coarse = (edge >> 2) + 1;
  const dx = new Float32Array(coarse * coarse);
  const dy = new Float32Array(coarse * coarse);
  for (let y = 0; y < coarse; y++) {
    for (let x = 0; x < coarse; x++) {
      const angle = angleAt(x * 4, y * 4);
      dx[y * coarse + x] = Math.cos(angle);
      dy[y * coarse + x] = Math.sin(angle);
    }
  }
  const result = new Float32Array(edge * edge);
  const { values } = white;
  for (let y = 0; y < edge; y++) {
    for (let x = 0; x < edge; x++) {
      const cell = (y >> 2) * coarse + (x >> 2);
      const stepX = dx[cell] as number;
      const stepY = dy[cell] as number;
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        // +4096 keeps the truncation `| 0` on the positive side, where it rounds down.
        const column = ((x + k * stepX + 4096.5) | 0) & mask;
        const row = ((y + k * stepY + 4096.5) | 0) & mask;
        sum += values[row * white.edge + column] as number;
      }
      result[y * edge + x] = sum;
    }
  }
  standardise(result);
  return result;
};

type NoiseBank = {
  /** Broad patches, finest detail 8 px. */
  broad: NoiseTile;
  /** Middle scale: lattice of 32 px down to 2 px. */
  mottled: NoiseTile;
  /** Grain: lattice of 4 px down to single pixels. */
  grain: NoiseTile;
  white: NoiseTile;
};

let bank: NoiseBank | undefined;

/** The tiles that every slide shares (each slide reads them at its own offsets); made at first use in a thread. */
export const noiseBank = (): NoiseBank => {
  bank ??= {
    broad: fractalTile(randomStream(1, "noise", "broad"), 256, 4, 4),
    mottled: fractalTile(randomStream(1, "noise", "mottled"), 512, 16, 5, 0.6),
    grain: fractalTile(randomStream(1, "noise", "grain"), 512, 128, 3, 0.9),
    white: whiteTile(randomStream(1, "noise", "white"), 512),
  };
  return bank;
};
