import type { Rgb } from "./pixels.ts";

/** Okabe & Ito 2008, "Color Universal Design", without black: told apart by people with any kind of colour vision. */
const OKABE_ITO: readonly Rgb[] = [
  { red: 230, green: 159, blue: 0 },
  { red: 86, green: 180, blue: 233 },
  { red: 0, green: 158, blue: 115 },
  { red: 240, green: 228, blue: 66 },
  { red: 0, green: 114, blue: 178 },
  { red: 213, green: 94, blue: 0 },
  { red: 204, green: 121, blue: 167 },
];

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/**
 * What linear RGB becomes for those who lack a kind of cone: protanopia and deuteranopia by Viénot, Brettel & Mollon 1999,
 * tritanopia by Machado, Oliveira & Fernandes 2009.
 */
const VISIONS: readonly Matrix[] = [
  IDENTITY,
  [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
  [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
];

/** Cones' responses and their opponents: Oklab (Ottosson 2020), in which distances are about those that people see. */
const TO_CONES: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_OKLAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

const multiply = (matrix: Matrix, [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;

/** A channel of sRGB, 0–255, in linear light, 0–1 (IEC 61966-2-1). */
const linear = (value: number): number => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

const oklab = (light: Triple): Triple =>
  multiply(TO_OKLAB, multiply(TO_CONES, light).map((cone) => Math.cbrt(cone)) as unknown as Triple);

/** A colour as each kind of colour vision sees it, in Oklab: `[4][3]`. */
const seen = ({ red, green, blue }: Rgb): Triple[] => {
  const light: Triple = [linear(red), linear(green), linear(blue)];
  return VISIONS.map((vision) =>
    oklab(multiply(vision, light).map((value) => Math.max(0, value)) as unknown as Triple),
  );
};

const apart = (a: readonly Triple[], b: readonly Triple[]): number =>
  a.reduce((least, [l, m, s], vision) => {
    const [x, y, z] = b[vision] ?? [0, 0, 0];
    return Math.min(least, Math.hypot(l - x, m - y, s - z));
  }, Number.POSITIVE_INFINITY);

/** How far two colours are apart in Oklab for whoever sees the least difference; black and white are 1 apart. */
export const leastDifference = (a: Rgb, b: Rgb): number => apart(seen(a), seen(b));

const LEVELS = 16;
const DARKEST = 0.3;
const LIGHTEST = 0.92;
const GREYEST = 0.06;

/** Colours that are neither so dark nor so light nor so grey as to be lost on a grey picture. */
const candidates = (): { colour: Rgb; views: Triple[] }[] =>
  Array.from({ length: LEVELS ** 3 }, (_, index) => ({
    red: (Math.floor(index / LEVELS ** 2) * 255) / (LEVELS - 1),
    green: ((Math.floor(index / LEVELS) % LEVELS) * 255) / (LEVELS - 1),
    blue: ((index % LEVELS) * 255) / (LEVELS - 1),
  }))
    .map((colour) => ({ colour, views: seen(colour) }))
    .filter(({ views: [[lightness, a, b] = [0, 0, 0]] }) => {
      return lightness >= DARKEST && lightness <= LIGHTEST && Math.hypot(a, b) >= GREYEST;
    });

let known: Rgb[] = [...OKABE_ITO];

/** So many colours can be told apart in principle; further phenotypes begin again. */
export const MOST_COLOURS = 512;

/** Lengthens the list of known colours; the first of them never change. */
const generate = (count: number): void => {
  const free = candidates().map((candidate) => ({ ...candidate, distance: Number.POSITIVE_INFINITY }));
  const take = (colour: Rgb) => {
    const views = seen(colour);
    for (const candidate of free) candidate.distance = Math.min(candidate.distance, apart(candidate.views, views));
  };
  const colours = [...known];
  for (const colour of colours) take(colour);
  while (colours.length < count) {
    const best = free.reduce((most, candidate) => (candidate.distance > most.distance ? candidate : most));
    colours.push(best.colour);
    take(best.colour);
  }
  known = colours;
};

/**
 * The colour of each of `count` classes: Okabe and Ito's seven, then each time the colour that differs most from all
 * before for whoever sees the least of it (greedy farthest point in Oklab, over four kinds of colour vision). The first
 * colours are the same whatever the count.
 */
export const classColours = (count: number): Rgb[] => {
  const needed = Math.min(count, MOST_COLOURS);
  if (known.length < needed) generate(needed);
  return Array.from({ length: count }, (_, index) => known[index % Math.max(1, needed)] as Rgb);
};

/** `#rrggbb`. */
export const hexColour = ({ red, green, blue }: Rgb): string =>
  `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
