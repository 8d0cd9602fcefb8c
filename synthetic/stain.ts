/**
 * From optical density to colour: Beer–Lambert, I = I₀ · 10^−(h·H + d·D), with the haematoxylin and DAB vectors of
 * Ruifrok & Johnston ("Quantification of histochemical staining by color deconvolution", Anal Quant Cytol Histol 2001).
 */
import { noiseBank } from "./noise.ts";
import { type Random, randomStream } from "./random.ts";

type Rgb = readonly [red: number, green: number, blue: number];

const HAEMATOXYLIN: Rgb = [0.65, 0.704, 0.286];
const DAB: Rgb = [0.268, 0.57, 0.776];

/** How a patient's slide was stained and scanned. */
export type Appearance = {
  haematoxylin: Rgb;
  dab: Rgb;
  /** Colour of empty glass, 0–255. */
  background: Rgb;
  /** Factors on optical densities. */
  nuclearDensity: number;
  neuropilDensity: number;
  dabDensity: number;
  /** Unspecific brown over the tissue, optical density. */
  dabHaze: number;
  /** Weight of each direct neighbour in the blur, 0–0.25. */
  blur: number;
  /** Standard deviation of the sensor's noise, grey levels. */
  sensorNoise: number;
  /** How much darker the corners are, share. */
  vignette: number;
};

const turned = (random: Random, vector: Rgb, siteShift: Rgb, spread: number): Rgb => {
  const moved = vector.map((value, i) => Math.max(0.05, value + (siteShift[i] as number) + random.normal(0, spread)));
  const length = Math.hypot(...moved);
  const [red = 0, green = 0, blue = 0] = moved.map((value) => value / length);
  return [red, green, blue];
};

/** Half of the stain's variation belongs to the site, the rest to the slide; the pattern is not known here. */
export const drawAppearance = (seed: number, patientIndex: number, site: string): Appearance => {
  const lab = randomStream(seed, "site", site);
  const labShift = (): Rgb => [lab.normal(0, 0.025), lab.normal(0, 0.025), lab.normal(0, 0.025)];
  const [haematoxylinShift, dabShift] = [labShift(), labShift()];
  const labDarkness = lab.uniform(0.9, 1.1);
  const random = randomStream(seed, "appearance", patientIndex);
  const brightness = random.uniform(233, 247);
  return {
    haematoxylin: turned(random, HAEMATOXYLIN, haematoxylinShift, 0.02),
    dab: turned(random, DAB, dabShift, 0.02),
    background: [
      brightness + random.normal(0, 1.5),
      brightness + random.normal(0, 1),
      brightness + random.normal(0, 1.5),
    ],
    nuclearDensity: labDarkness * random.uniform(0.8, 1.25),
    neuropilDensity: random.uniform(0.88, 1.35),
    dabDensity: random.uniform(0.65, 1.15),
    dabHaze: random.uniform(0, 0.02),
    blur: random.uniform(0.08, 0.2),
    sensorNoise: random.uniform(0.8, 2),
    vignette: random.uniform(0, 0.035),
  };
};

const STEPS_PER_DENSITY = 512;
const TABLE_LENGTH = 2048;

/** Share of light that passes at optical densities 0, 1/512, 2/512, … along one stain, for one colour. */
const transmission = (component: number, factor: number): Float32Array =>
  Float32Array.from({ length: TABLE_LENGTH }, (_, i) => factor * 10 ** ((-component * i) / STEPS_PER_DENSITY));

/** Blurs a density plane in place with a 3 × 3 binomial-like kernel. */
export const blurPlane = (plane: Float32Array, edge: number, weight: number): void => {
  const centre = 1 - 2 * weight;
  for (let row = 0; row < edge; row++) {
    let previous = plane[row * edge] as number;
    for (let at = row * edge, end = at + edge - 1; at < end; at++) {
      const here = plane[at] as number;
      plane[at] = centre * here + weight * (previous + (plane[at + 1] as number));
      previous = here;
    }
  }
  const above = plane.slice(0, edge);
  for (let row = 0; row < edge - 1; row++) {
    const start = row * edge;
    for (let column = 0; column < edge; column++) {
      const here = plane[start + column] as number;
      plane[start + column] =
        centre * here + weight * ((above[column] as number) + (plane[start + edge + column] as number));
      above[column] = here;
    }
  }
};

/**
 * Colours two planes of optical density (`edge` × `edge`, not negative) as RGB bytes.
 * Noise and vignette are the scanner's and depend on the appearance and the patient only.
 */
export const composeColour = (
  haematoxylin: Float32Array,
  dab: Float32Array,
  edge: number,
  appearance: Appearance,
  noiseOffset: number,
): Uint8ClampedArray => {
  const pixels = new Uint8ClampedArray(edge * edge * 3);
  const { white } = noiseBank();
  const mask = white.edge - 1;
  const { sensorNoise, vignette } = appearance;
  const fromH = appearance.haematoxylin.map((component, i) =>
    transmission(component, appearance.background[i] as number),
  );
  const fromD = appearance.dab.map((component) => transmission(component, 1));
  const [redH, greenH, blueH] = fromH as [Float32Array, Float32Array, Float32Array];
  const [redD, greenD, blueD] = fromD as [Float32Array, Float32Array, Float32Array];
  const fall = Float32Array.from({ length: edge }, (_, i) => (vignette / 2) * ((2 * i) / edge - 1) ** 2);
  const top = TABLE_LENGTH - 1;
  for (let y = 0; y < edge; y++) {
    const rowLight = 1 - (fall[y] as number);
    // Each row starts elsewhere in the noise, so its repetition makes no grid.
    const noiseRow = ((y + noiseOffset) & mask) * white.edge;
    const shift = (Math.imul(y, 0x9e3779b1) >>> 9) + noiseOffset;
    for (let x = 0; x < edge; x++) {
      const at = y * edge + x;
      const h = Math.min(top, ((haematoxylin[at] as number) * STEPS_PER_DENSITY + 0.5) | 0);
      const d = Math.min(top, ((dab[at] as number) * STEPS_PER_DENSITY + 0.5) | 0);
      const light = rowLight - (fall[x] as number);
      const n = noiseRow + ((x + shift) & mask);
      const noise = sensorNoise * (white.values[n] as number);
      // The three sensors see different noise: the same tile, read backwards and shifted.
      const other = sensorNoise * (white.values[noiseRow + ((shift - x) & mask)] as number);
      pixels[3 * at] = light * (redH[h] as number) * (redD[d] as number) + noise;
      pixels[3 * at + 1] = light * (greenH[h] as number) * (greenD[d] as number) + other;
      pixels[3 * at + 2] = light * (blueH[h] as number) * (blueD[d] as number) + 0.7 * (noise - other);
    }
  }
  return pixels;
};
