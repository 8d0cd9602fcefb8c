import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSlide } from "../slides/index.ts";
import {
  DAB_DENSITY,
  dabUnmixing,
  FOLD_BLOCK_MICRONS,
  FOLD_DIFFERENCE,
  INK,
  QUALITY_MEASURES,
  type QualityMeasure,
  SAMPLED_EVERY,
} from "./quality-graph.ts";
import { type PatchMeasurer, startPatchMeasurer } from "./quality-thread.ts";

const SLIDES = join(import.meta.dirname, "../../../shared/data/slides");
const isHere = existsSync(SLIDES);
if (!isHere) console.warn("Quality is not measured of real slides: ../shared/data/slides is not here.");

type Measures = Record<QualityMeasure, number>;
type Colour = [number, number, number];

const EDGE = 48;
const MICRONS_PER_PIXEL = 1;
let measurer: PatchMeasurer;
beforeAll(async () => {
  measurer = await startPatchMeasurer({ patchSize: EDGE, micronsPerPixel: MICRONS_PER_PIXEL });
});
afterAll(() => measurer.close());

const measure = async (pixels: Uint8Array, edge = EDGE): Promise<Measures> => {
  const { measures } = await measurer.measure({ pixels: pixels.slice(), patches: 1, height: edge, width: edge });
  return Object.fromEntries(QUALITY_MEASURES.map((name, at) => [name, measures[at]])) as Measures;
};

const painted = (colourAt: (x: number, y: number) => Colour, edge = EDGE): Uint8Array =>
  Uint8Array.from({ length: edge * edge * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return colourAt(pixel % edge, Math.floor(pixel / edge))[at % 3] as number;
  });

const colourIn = (pixels: Uint8Array, x: number, y: number): Colour =>
  Array.from(pixels.subarray((y * EDGE + x) * 3, (y * EDGE + x) * 3 + 3)) as Colour;

/** In single precision, in which a colour on a threshold falls on the side that it does in the graph. */
const single = (factor: number, level: number): number => Math.fround(Math.fround(factor) * level);

/** The same measures, written out pixel by pixel. */
const plainMeasures = (pixels: Uint8Array): Measures => {
  const grey = (x: number, y: number): number => {
    const [r, g, b] = colourIn(pixels, x, y);
    return 0.299 * r + 0.587 * g + 0.114 * b;
  };
  const edges: number[] = [];
  for (let y = 1; y < EDGE - 1; y++) {
    for (let x = 1; x < EDGE - 1; x++) {
      edges.push(grey(x - 1, y) + grey(x + 1, y) + grey(x, y - 1) + grey(x, y + 1) - 4 * grey(x, y));
    }
  }
  const mean = edges.reduce((sum, value) => sum + value, 0) / edges.length;
  const blurVariance = edges.reduce((sum, value) => sum + (value - mean) ** 2, 0) / edges.length;

  const weights = dabUnmixing();
  let ink = 0;
  let dab = 0;
  let sampled = 0;
  for (let y = 0; y < EDGE; y += SAMPLED_EVERY) {
    for (let x = 0; x < EDGE; x += SAMPLED_EVERY) {
      const [r, g, b] = colourIn(pixels, x, y);
      sampled++;
      const isGreen = g - r > INK.green.overRed && g - b > INK.green.overBlue;
      const isBlue = b > INK.blue.least && r < single(INK.blue.red, b) && g < single(INK.blue.green, b);
      const isRed = r > INK.red.least && Math.max(g, b) < single(INK.red.share, r);
      if (isGreen || isBlue || isRed || Math.max(r, g, b) < INK.blackBelow) ink++;
      const densities = [r, g, b].map((value) => Math.log10(256 / (value + 1)));
      const amount = densities.reduce((sum, density, c) => sum + density * (weights[c] as number), 0);
      if (amount >= DAB_DENSITY && r > g && g > b) dab++;
    }
  }

  const block = FOLD_BLOCK_MICRONS / MICRONS_PER_PIXEL;
  const blocks = Math.floor(EDGE / block);
  let folded = 0;
  for (let row = 0; row < blocks; row++) {
    for (let column = 0; column < blocks; column++) {
      const sums = [0, 0, 0];
      for (let at = 0; at < block * block; at++) {
        const colour = colourIn(pixels, column * block + (at % block), row * block + Math.floor(at / block));
        for (let c = 0; c < 3; c++) sums[c] = (sums[c] as number) + (colour[c] as number) / (block * block);
      }
      const [high, low] = [Math.max(...sums), Math.min(...sums)];
      const intensity = sums.reduce((sum, value) => sum + value, 0) / 3 / 255;
      if ((high - low) / Math.max(high, 1) - intensity >= FOLD_DIFFERENCE) folded++;
    }
  }
  return { blurVariance, penShare: ink / sampled, foldShare: folded / blocks ** 2, dabShare: dab / sampled };
};

/** Patches of large blots in any colours, inks and brown among them. */
const blots = fc.record({
  colours: fc.array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 6 }),
  grain: fc.integer({ min: 1, max: 16 }),
  seed: fc.nat(1000),
});

it("the graph measures what the definitions say", async () => {
  await fc.assert(
    fc.asyncProperty(blots, async ({ colours, grain, seed }) => {
      const pixels = painted((x, y) => {
        const place = Math.floor(x / grain) * 31 + Math.floor(y / grain) * 17 + seed;
        return colours[(place * 7919) % colours.length] as Colour;
      });
      const [got, expected] = [await measure(pixels), plainMeasures(pixels)];
      expect(Math.abs(got.blurVariance - expected.blurVariance)).toBeLessThan(0.01 + 1e-4 * expected.blurVariance);
      for (const name of ["penShare", "foldShare", "dabShare"] as const) {
        expect(Math.abs(got[name] - expected[name])).toBeLessThan(1e-5);
      }
    }),
    { numRuns: 60 },
  );
});

describe("each measure tells what it is for", () => {
  const tissue: Colour = [190, 120, 180];
  const half = (colour: Colour) => painted((x) => (x < EDGE / 2 ? colour : tissue));

  it.each<[string, Colour]>([
    ["green", [30, 140, 80]],
    ["blue", [20, 60, 200]],
    ["red", [210, 40, 50]],
    ["black", [20, 18, 22]],
  ])("%s ink on half of a patch", async (_name, colour) => {
    expect((await measure(half(colour))).penShare).toBeCloseTo(0.5, 3);
  });

  it.each<[string, Colour]>([
    ["haematoxylin", [90, 70, 150]],
    ["eosin", [225, 130, 175]],
    ["blood", [200, 80, 70]],
    ["DAB", [120, 80, 50]],
    ["glass", [244, 243, 245]],
  ])("%s is no ink", async (_name, colour) => {
    expect((await measure(half(colour))).penShare).toBe(0);
  });

  it("brown is DAB, purple and pink are not, however dense", async () => {
    expect((await measure(half([120, 80, 50]))).dabShare).toBeCloseTo(0.5, 3);
    for (const colour of [
      [60, 30, 90],
      [215, 60, 130],
      [50, 20, 40],
    ] as Colour[]) {
      expect((await measure(half(colour))).dabShare).toBe(0);
    }
  });

  it("a fold is dark and saturated over more than a nucleus", async () => {
    const dense: Colour = [90, 20, 70];
    expect((await measure(painted((x) => (x < 20 ? dense : tissue)))).foldShare).toBeCloseTo(0.5, 1);
    // Which docs/own-slides.md warns of.
    expect((await measure(painted(() => [115, 75, 45]))).foldShare).toBe(1);
    const nuclei = painted((x, y) => (x % 10 < 4 && y % 10 < 4 ? dense : tissue));
    expect((await measure(nuclei)).foldShare).toBe(0);
  });

  it("a blurred patch has less variance, and white and black ones have none", async () => {
    const sharpPixels = painted((x, y) => ((x * 7 + y * 13) % 5 < 2 ? [90, 70, 150] : tissue));
    const blurred = await sharp(sharpPixels, { raw: { width: EDGE, height: EDGE, channels: 3 } })
      .blur(2)
      .raw()
      .toBuffer();
    const [crisp, soft] = [await measure(sharpPixels), await measure(new Uint8Array(blurred))];
    expect(crisp.blurVariance).toBeGreaterThan(20 * soft.blurVariance);
    expect(await measure(painted(() => [255, 255, 255]))).toEqual({
      blurVariance: 0,
      penShare: 0,
      foldShare: 0,
      dabShare: 0,
    });
    expect((await measure(painted(() => [0, 0, 0]))).blurVariance).toBe(0);
  });
});

it("a region of twice the resolution is measured at the grid's", async () => {
  const fine = painted((x, y) => ((x + y) % 2 === 0 ? [0, 0, 0] : [255, 255, 255]), 2 * EDGE);
  expect((await measure(fine, 2 * EDGE)).blurVariance).toBeLessThan(1);
  const half = painted((x) => (x < EDGE ? [20, 60, 200] : [244, 243, 245]), 2 * EDGE);
  expect((await measure(half, 2 * EDGE)).penShare).toBeCloseTo(0.5, 1);
});

it("several patches of a batch are told apart, and the buffer comes back", async () => {
  const pixels = new Uint8Array(2 * EDGE * EDGE * 3).fill(255);
  pixels.fill(0, EDGE * EDGE * 3);
  const answer = await measurer.measure({ pixels, patches: 2, height: EDGE, width: EDGE });
  expect(answer.pixels.byteLength).toBe(2 * EDGE * EDGE * 3);
  const column = (name: QualityMeasure) =>
    [0, 1].map((row) => answer.measures[row * 4 + QUALITY_MEASURES.indexOf(name)]);
  expect(column("penShare")).toEqual([0, 1]);
});

describe.skipIf(!isHere)("of real slides", () => {
  const patchesOf = async (name: string): Promise<Measures[]> => {
    const slide = await openSlide(join(SLIDES, name));
    const own = await startPatchMeasurer({ patchSize: 224, micronsPerPixel: 0.5 });
    const found: Measures[] = [];
    for (let y = 0; y + 224 <= slide.heightPixels; y += 224) {
      for (let x = 0; x + 224 <= slide.widthPixels; x += 224) {
        const pixels = await slide.readRegion({ x, y, level: 0, widthPixels: 224, heightPixels: 224 });
        const { measures } = await own.measure({ pixels: pixels.slice(), patches: 1, height: 224, width: 224 });
        found.push(Object.fromEntries(QUALITY_MEASURES.map((key, at) => [key, measures[at]])) as Measures);
      }
    }
    await Promise.all([slide.close(), own.close()]);
    return found;
  };

  it("clean H&E tissue has no pen, no fold and no DAB, and is sharp", async () => {
    for (const { blurVariance, ...shares } of await patchesOf("TCGA-HT-7470-01Z-00-DX4_roi1.tif")) {
      expect(blurVariance).toBeGreaterThan(1000);
      for (const value of Object.values(shares)) expect(value).toBeLessThan(0.001);
    }
  });

  it("the rolled-up rim of CMU-1 is a fold, its green dye is ink", async () => {
    const patches = await patchesOf("CMU-1-Small-Region.svs");
    expect(patches.filter(({ foldShare }) => foldShare > 0.05).length).toBeGreaterThanOrEqual(5);
    expect(patches.filter(({ foldShare }) => foldShare > 0.05).length).toBeLessThan(patches.length / 4);
    expect(Math.max(...patches.map(({ penShare }) => penShare))).toBeGreaterThan(0.02);
  });
});
