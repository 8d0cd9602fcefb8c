/** Cells as small pictures: every kind of cell on a slide, in many variants. */
import { noiseBank, sampleTile } from "./noise.ts";
import { type Random, randomStream } from "./random.ts";
import { eachPixel, emptySprite, paintNucleus, plainNucleus, ramp, randomOutline, type Sprite } from "./sprites.ts";

const CELL_KINDS = [
  "oligodendrocyte",
  "astrocyte",
  "neuron",
  "tumour",
  "endothelial",
  "pyknotic",
  "lymphocyte",
  "erythrocyte",
] as const;
export type CellKind = (typeof CELL_KINDS)[number];

/** Sprites of one kind at evenly spread directions: `turns[t]` holds the variants that point to t · π / turns.length. */
type SpriteSet = { turns: Sprite[][] };
type SpriteBank = Record<CellKind, SpriteSet>;

const neuron = (random: Random, angle: number): Sprite => {
  const soma = { length: random.uniform(17, 24), width: random.uniform(11, 15) };
  const sprite = emptySprite(soma.length * 1.9);
  const outline = randomOutline(random, 0.2);
  const { grain } = noiseBank();
  const textureX = random.uniform(0, 512);
  eachPixel(sprite, angle, (at, along, across) => {
    // The apical dendrite: the soma drawn out to one side, ever thinner.
    const stretched = along > 0 ? along * 0.62 : along * 1.25;
    const taper = along > 0 ? 1 + (along / soma.length) ** 2 * 1.5 : 1;
    const relative = Math.hypot(stretched / soma.length, (across * taper) / soma.width);
    const inward = (outline(Math.atan2(across, along)) - relative) * soma.width;
    const nissl = 1 + 0.3 * sampleTile(grain, textureX + along, across);
    const rim = inward < 0 ? 0.035 * Math.exp(-(((inward + 2.5) / 2) ** 2)) : 0;
    sprite.haematoxylin[at] = 0.15 * nissl * ramp(0.5 + inward / 3) - rim;
  });
  const nucleus = random.uniform(8, 10);
  paintNucleus(
    random,
    sprite,
    {
      length: nucleus,
      width: nucleus * 0.92,
      irregularity: 0.03,
      density: 0.1,
      envelope: 1.3,
      chromatin: 0.25,
      coarseness: 1.5,
      nucleoli: 0,
      halo: 0,
    },
    angle,
  );
  eachPixel(sprite, angle, (at, along, across) => {
    sprite.haematoxylin[at] = (sprite.haematoxylin[at] as number) + 0.8 * Math.exp(-(along ** 2 + across ** 2) / 5);
  });
  return sprite;
};

/** A CD3+ T lymphocyte: small round dark nucleus, thin uneven brown ring of stained membrane and cytoplasm. */
const lymphocyte = (random: Random, angle: number): Sprite => {
  const radius = random.uniform(4.7, 6.8);
  const sprite = emptySprite(radius + 6, true);
  const shape = { length: radius, width: radius * random.uniform(0.84, 1), irregularity: 0.07 };
  paintNucleus(
    random,
    sprite,
    {
      ...shape,
      density: random.uniform(0.36, 0.52),
      envelope: 0.2,
      chromatin: 0.25,
      coarseness: 2.6,
      nucleoli: 0,
      halo: 0,
    },
    angle,
  );
  const { grain } = noiseBank();
  const [textureX, textureY] = [random.uniform(0, 512), random.uniform(0, 512)];
  const outline = randomOutline(random, 0.1);
  const [heavySide, unevenness] = [random.uniform(0, 2 * Math.PI), random.uniform(0.1, 0.75)];
  const [cap, thickness] = [random.uniform(0.08, 0.5), random.uniform(1.2, 2.1)];
  eachPixel(sprite, angle, (at, along, across) => {
    const direction = Math.atan2(across / shape.width, along / shape.length);
    const outward = Math.hypot(along, across) - radius * outline(direction);
    const ring = Math.exp(-(((outward - 1.2) / thickness) ** 2));
    const over = outward < 0 ? cap : cap * Math.exp(-((outward / 2) ** 2));
    const side = 1 + unevenness * Math.cos(direction - heavySide);
    const granules = Math.max(0.2, 1 + 0.34 * sampleTile(grain, textureX + along, textureY + across));
    if (sprite.dab) sprite.dab[at] = (ring * side + over * 0.8) * granules;
  });
  return sprite;
};

const erythrocyte = (random: Random, angle: number): Sprite => {
  const [length, width] = [random.uniform(5.5, 6.8), random.uniform(4, 6.4)];
  const sprite = emptySprite(length + 3, true);
  eachPixel(sprite, angle, (at, along, across) => {
    const relative = Math.hypot(along / length, across / width);
    const cover = ramp(0.5 + ((1 - relative) * width) / 1.8);
    if (sprite.dab) sprite.dab[at] = cover * (0.05 + 0.045 * Math.min(1.2, relative) ** 2);
    sprite.haematoxylin[at] = cover * 0.018;
  });
  return sprite;
};

/** How a patient's nuclei look: size relative to the usual, spread of tumour nuclei. */
type NuclearStyle = { scale: number; pleomorphism: number };

const drawSprite = (random: Random, kind: CellKind, style: NuclearStyle, angle: number): Sprite => {
  const { scale, pleomorphism } = style;
  switch (kind) {
    case "oligodendrocyte": {
      const radius = random.uniform(5.4, 6.8) * scale;
      const shape = {
        length: radius,
        width: radius * random.uniform(0.86, 1),
        irregularity: 0.04,
        density: random.uniform(0.34, 0.5),
      };
      return plainNucleus(
        random,
        {
          ...shape,
          envelope: 0.2,
          chromatin: 0.26,
          coarseness: 2.6,
          nucleoli: 0,
          halo: Math.max(0, random.normal(0.022, 0.02)),
        },
        angle,
      );
    }
    case "astrocyte": {
      const length = random.uniform(7.5, 10.5) * scale;
      const shape = {
        length,
        width: length * random.uniform(0.6, 0.85),
        irregularity: 0.06,
        density: random.uniform(0.15, 0.26),
      };
      return plainNucleus(
        random,
        { ...shape, envelope: 0.8, chromatin: 0.3, coarseness: 2, nucleoli: random.below(2), halo: 0.012 },
        angle,
      );
    }
    case "tumour": {
      const giant = random.uniform() < 0.06 * pleomorphism ? random.uniform(1.3, 1.9) : 1;
      const length = Math.min(24, Math.exp(random.normal(Math.log(10.5), 0.2 * pleomorphism)) * scale * giant);
      const width = Math.max(3.6, length * random.uniform(0.36, 0.78));
      const dark = random.uniform() < 0.2 ? random.uniform(1.3, 1.6) : random.uniform(0.6, 1.2);
      const shape = { length, width, irregularity: 0.13 * pleomorphism, density: 0.33 * dark };
      return plainNucleus(
        random,
        {
          ...shape,
          envelope: 0.42,
          chromatin: 0.42,
          coarseness: random.uniform(1.6, 3),
          nucleoli: random.below(3),
          halo: 0,
        },
        angle,
      );
    }
    case "endothelial": {
      const shape = {
        length: random.uniform(8.5, 12.5),
        width: random.uniform(2.4, 3.8),
        irregularity: 0.08,
        density: 0.43,
      };
      return plainNucleus(
        random,
        { ...shape, envelope: 0.25, chromatin: 0.2, coarseness: 2, nucleoli: 0, halo: 0 },
        angle,
      );
    }
    case "pyknotic": {
      const radius = random.uniform(1.6, 3.8);
      const shape = {
        length: radius,
        width: radius * random.uniform(0.6, 1),
        irregularity: 0.25,
        density: random.uniform(0.3, 0.7),
      };
      return plainNucleus(
        random,
        { ...shape, envelope: 0, chromatin: 0.1, coarseness: 2, nucleoli: 0, halo: 0 },
        angle,
      );
    }
    case "neuron":
      return neuron(random, angle);
    case "lymphocyte":
      return lymphocyte(random, angle);
    case "erythrocyte":
      return erythrocyte(random, angle);
  }
};

const BANK_SIZES: Record<CellKind, { turns: number; variants: number }> = {
  oligodendrocyte: { turns: 1, variants: 28 },
  astrocyte: { turns: 8, variants: 5 },
  neuron: { turns: 8, variants: 4 },
  tumour: { turns: 16, variants: 16 },
  endothelial: { turns: 24, variants: 4 },
  pyknotic: { turns: 1, variants: 24 },
  lymphocyte: { turns: 1, variants: 40 },
  erythrocyte: { turns: 1, variants: 16 },
};

/** Draws a patient's sprites, about 550 of them. */
export const makeSpriteBank = (seed: number, patientIndex: number, style: NuclearStyle): SpriteBank => {
  const setOf = (kind: CellKind): SpriteSet => {
    const random = randomStream(seed, "sprites", patientIndex, kind);
    const { turns, variants } = BANK_SIZES[kind];
    return {
      turns: Array.from({ length: turns }, (_, turn) =>
        Array.from({ length: variants }, () => {
          const angle =
            turns === 1
              ? random.uniform(0, 2 * Math.PI)
              : (turn * Math.PI) / turns + (kind === "neuron" ? Math.PI * random.below(2) : 0);
          return drawSprite(random, kind, style, angle);
        }),
      ),
    };
  };
  return Object.fromEntries(CELL_KINDS.map((kind) => [kind, setOf(kind)])) as SpriteBank;
};

/** A random variant of a kind that points in the direction nearest to `angle` (radians, modulo π). */
export const pickSprite = (random: Random, bank: SpriteBank, kind: CellKind, angle: number): Sprite => {
  const { turns } = bank[kind];
  const turn = ((Math.round((angle / Math.PI) * turns.length) % turns.length) + turns.length) % turns.length;
  const variants = turns[turn] as Sprite[];
  return variants[random.below(variants.length)] as Sprite;
};
