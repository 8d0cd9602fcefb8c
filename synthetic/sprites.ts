/** What cells are painted with: soft outlines, textured nuclei, in optical density. */
import { noiseBank, sampleTile } from "./noise.ts";
import type { Random } from "./random.ts";

/** Optical densities on a `size` × `size` square with the nucleus in the middle; negative where it clears the background. */
export type Sprite = { size: number; haematoxylin: Float32Array; dab: Float32Array | undefined };

type NucleusShape = {
  /** Half length and half width, pixels. */
  length: number;
  width: number;
  /** Strength of the bumps in the outline, 0 = an ellipse. */
  irregularity: number;
  /** Optical density of the body, and how much more the envelope and the clumps of chromatin have. */
  density: number;
  envelope: number;
  chromatin: number;
  /** Pixels per lattice cell of the chromatin texture, relative. */
  coarseness: number;
  nucleoli: number;
  /** How much a ring around the nucleus is cleared. */
  halo: number;
};

/** 0 below 0, 1 above 1, smooth between. */
export const ramp = (value: number): number => {
  const t = Math.min(1, Math.max(0, value));
  return t * t * (3 - 2 * t);
};

/** Room for a cell of this radius in pixels. */
export const emptySprite = (radius: number, withDab = false): Sprite => {
  const size = 2 * Math.ceil(radius) + 1;
  return {
    size,
    haematoxylin: new Float32Array(size * size),
    dab: withDab ? new Float32Array(size * size) : undefined,
  };
};

/** Calls `paint` with each pixel's index, its offset from the middle, turned by −angle. */
export const eachPixel = (
  sprite: Sprite,
  angle: number,
  paint: (at: number, along: number, across: number) => void,
): void => {
  const middle = (sprite.size - 1) / 2;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  for (let y = 0; y < sprite.size; y++) {
    for (let x = 0; x < sprite.size; x++) {
      const dx = x - middle;
      const dy = y - middle;
      paint(y * sprite.size + x, dx * cos + dy * sin, dy * cos - dx * sin);
    }
  }
};

/** The factor on the radius in each direction: a few random low harmonics. */
export const randomOutline = (random: Random, irregularity: number): ((angle: number) => number) => {
  const harmonics = [2, 3, 4, 5].map((order) => ({
    order,
    amplitude: (irregularity * random.normal()) / order,
    phase: random.uniform(0, 2 * Math.PI),
  }));
  return (angle) =>
    harmonics.reduce((sum, { order, amplitude, phase }) => sum + amplitude * Math.cos(order * angle + phase), 1);
};

/** Adds a nucleus with envelope, chromatin and nucleoli to a sprite's haematoxylin. */
export const paintNucleus = (random: Random, sprite: Sprite, shape: NucleusShape, angle: number): void => {
  const outline = randomOutline(random, shape.irregularity);
  const { mottled, grain } = noiseBank();
  const [textureX, textureY] = [random.uniform(0, 512), random.uniform(0, 512)];
  const nucleoli = Array.from({ length: shape.nucleoli }, () => ({
    along: random.normal(0, 0.28) * shape.length,
    across: random.normal(0, 0.28) * shape.width,
    reach: random.uniform(1.1, 1.7),
  }));
  eachPixel(sprite, angle, (at, along, across) => {
    const relative = Math.hypot(along / shape.length, across / shape.width);
    const factor = outline(Math.atan2(across / shape.width, along / shape.length));
    const inward = (factor - relative) * Math.min(shape.width * 1.3, shape.length);
    if (inward < -6) return;
    const cover = ramp(0.5 + inward / 2.3);
    const envelope = Math.exp(-(((inward - 1) / 1.1) ** 2));
    const broadClumps = sampleTile(mottled, textureX + along * shape.coarseness, textureY + across * shape.coarseness);
    const clumps = 0.5 * broadClumps + 0.75 * sampleTile(grain, textureX + along * 0.85, textureY + across * 0.85);
    let density = shape.density * (1 + shape.chromatin * clumps + shape.envelope * envelope);
    for (const spot of nucleoli) {
      density += 0.55 * Math.exp(-((along - spot.along) ** 2 + (across - spot.across) ** 2) / spot.reach ** 2);
    }
    const cleared = inward < 0 ? shape.halo * Math.exp(-(((inward + 3) / 1.8) ** 2)) : 0;
    sprite.haematoxylin[at] = (sprite.haematoxylin[at] as number) + cover * Math.max(0.04, density) - cleared;
  });
};

/** A sprite with nothing but a nucleus and, where the shape asks for one, a cleared ring around it. */
export const plainNucleus = (random: Random, shape: NucleusShape, angle: number): Sprite => {
  const sprite = emptySprite(Math.max(shape.length, shape.width) * (1 + shape.irregularity) + (shape.halo > 0 ? 7 : 3));
  paintNucleus(random, sprite, shape, angle);
  return sprite;
};
