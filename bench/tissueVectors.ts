import { seededUniform, type Uniform } from "../src/platform/random.ts";

/**
 * Vectors that lie as those of tissue do: some forty phenotypes in a few families, each a flat, stretched cloud of low
 * dimension that runs into its neighbours, with transitions between any two, and a shift of each slide, as staining makes.
 */

export const DIMS = 512;
export const PHENOTYPES = 40;
const FAMILIES = 8;
const LATENT = 10;
/** Share of patches that lie between two phenotypes. */
const TRANSITIONS = 0.15;

/** Marsaglia's polar method (1964), a table of them: a vector of 512 takes too many to draw each. */
const gaussianTable = (random: Uniform, length: number): Float32Array => {
  const table = new Float32Array(length);
  for (let index = 0; index < length; ) {
    const [u, v] = [2 * random() - 1, 2 * random() - 1];
    const s = u * u + v * v;
    if (s === 0 || s >= 1) continue;
    const factor = Math.sqrt((-2 * Math.log(s)) / s);
    table[index++] = u * factor;
    if (index < length) table[index++] = v * factor;
  }
  return table;
};

/** Gamma(shape) for shapes below 1 too (Marsaglia and Tsang 2000). */
const gamma = (random: Uniform, normal: () => number, shape: number): number => {
  if (shape < 1) return gamma(random, normal, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
};

export const dirichlet = (random: Uniform, normal: () => number, weights: ArrayLike<number>): Float64Array => {
  const drawn = Float64Array.from(weights, (weight) => gamma(random, normal, Math.max(weight, 1e-3)));
  const sum = drawn.reduce((total, value) => total + value, 0);
  return drawn.map((value) => value / sum);
};

const pick = (random: Uniform, shares: Float64Array): number => {
  let left = random();
  for (let index = 0; index < shares.length; index++) {
    left -= shares[index] as number;
    if (left < 0) return index;
  }
  return shares.length - 1;
};

export type Geometry = {
  means: Float32Array[];
  axes: Float32Array[];
  random: Uniform;
  normal: () => number;
  table: Float32Array;
};

export const geometry = (seed: number): Geometry => {
  const random = seededUniform(seed);
  const table = gaussianTable(random, 2 ** 20);
  let next = 0;
  const normal = () => table[next++ % table.length] as number;
  const direction = (length: number) => {
    const drawn = Float32Array.from({ length: DIMS }, normal);
    const norm = Math.hypot(...drawn);
    return drawn.map((value) => (value * length) / norm);
  };
  const sum = (...parts: Float32Array[]) =>
    parts.reduce((total, part) => total.map((value, index) => value + (part[index] as number)));
  /** Axis after axis, each shorter than the one before. */
  const directions = (length: number) => {
    const all = new Float32Array(LATENT * DIMS);
    for (let axis = 0; axis < LATENT; axis++) all.set(direction(length / Math.sqrt(axis + 1)), axis * DIMS);
    return all;
  };
  const common = direction(0.8);
  const families = Array.from({ length: FAMILIES }, () => ({ mean: direction(0.3), axes: directions(1) }));
  const members = Array.from(
    { length: PHENOTYPES },
    (_, index) => families[index % FAMILIES] as (typeof families)[number],
  );
  return {
    means: members.map(({ mean }) => sum(common, mean, direction(0.16))),
    // In part their family's, so that phenotypes of a family run into each other.
    axes: members.map((family) => {
      const own = directions(0.08);
      return own.map((value, index) => value + 0.26 * (family.axes[index] as number));
    }),
    random,
    normal,
    table,
  };
};

/** Writes one vector into `target`. */
const drawVector = (
  { means, axes, random, normal, table }: Geometry,
  phenotype: number,
  other: number | null,
  slideShift: Float32Array,
  target: Float32Array,
): void => {
  const mean = means[phenotype] as Float32Array;
  const far = other === null ? mean : (means[other] as Float32Array);
  const weight = other === null ? 0 : random() * 0.5;
  const noise = Math.floor(random() * (table.length - DIMS));
  for (let index = 0; index < DIMS; index++) {
    target[index] =
      (1 - weight) * (mean[index] as number) +
      weight * (far[index] as number) +
      (slideShift[index] as number) +
      0.004 * (table[noise + index] as number);
  }
  const basis = axes[phenotype] as Float32Array;
  const stretch = 0.6 + 0.8 * random();
  for (let axis = 0; axis < LATENT; axis++) {
    const along = normal() * stretch;
    for (let index = 0, offset = axis * DIMS; index < DIMS; index++, offset++) {
      target[index] = (target[index] as number) + along * (basis[offset] as number);
    }
  }
};

/** Every phenotype alike. */
export const uniformShares: Float64Array = new Float64Array(PHENOTYPES).fill(1 / PHENOTYPES);

type Numbers = Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>;

/** The patches of one slide, `[patches, dims]`. */
export const drawPatches = <Made extends Numbers>(
  shape: Geometry,
  shares: Float64Array,
  patches: number,
  Made: new (length: number) => Made,
  tell: (row: number, phenotype: number) => void = () => {},
): Made => {
  const { random, normal } = shape;
  const made = new Made(patches * DIMS);
  const vector = new Float32Array(DIMS);
  const shift = Float32Array.from({ length: DIMS }, () => 0.006 * normal());
  for (let row = 0; row < patches; row++) {
    const phenotype = pick(random, shares);
    const other = random() < TRANSITIONS ? Math.floor(random() * PHENOTYPES) : null;
    drawVector(shape, phenotype, other, shift, vector);
    made.set(vector, row * DIMS);
    tell(row, phenotype);
  }
  return made;
};
