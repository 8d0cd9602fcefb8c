import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type CellClasses, cellClasses, overlayDescriptor, overlayTile, paintClasses } from "./overlay.ts";
import { classColours, leastDifference, MOST_COLOURS } from "./overlayColours.ts";
import { fitText, lettering, textWidth } from "./overlayLettering.ts";
import { drawOverlayMap, roundLength } from "./overlayMap.ts";
import { drawContactSheet } from "./overlaySheet.ts";

const pixelsOf = async (picture: Buffer) => {
  const { data, info } = await sharp(picture).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(4 * (y * info.width + x), 4 * (y * info.width + x) + 4)];
  return { at, width: info.width, height: info.height, data };
};

/** 4 × 3 cells of 100 pixels; the first row is class 0, the second class 1 but for its first cell, the third nothing. */
const small: CellClasses = cellClasses(
  { columns: 4, rows: 3, stepX: 100, stepY: 100, sizeX: 100, sizeY: 100 },
  [0, 1, 2, 3, 5, 6, 7],
  [0, 0, 0, 0, 1, 1, 1],
);
const SLIDE = { widthPixels: 410, heightPixels: 320 };
const [first = { red: 0, green: 0, blue: 0 }, second = first] = classColours(2);
const rgba = ({ red, green, blue }: typeof first, alpha = 255) => [red, green, blue, alpha];
const NOTHING = [0, 0, 0, 0];

describe("colours of classes", () => {
  it("are as many as asked, and the first ones do not depend on how many", () => {
    const all = classColours(40);
    for (const count of [0, 1, 7, 12, 40]) expect(classColours(count)).toEqual(all.slice(0, count));
    expect(classColours(MOST_COLOURS + 3)).toHaveLength(MOST_COLOURS + 3);
  });

  it("are told apart with any kind of colour vision", () => {
    const least = (count: number) => {
      const colours = classColours(count);
      return Math.min(...colours.flatMap((a, i) => colours.slice(0, i).map((b) => leastDifference(a, b))));
    };
    // 0.02 is about the least that people notice between two patches side by side.
    expect(least(12)).toBeGreaterThan(0.07);
    expect(least(40)).toBeGreaterThan(0.04);
  });

  it("know that red and green are alike for some, and black and white for nobody", () => {
    const green = { red: 80, green: 140, blue: 60 };
    const brown = { red: 150, green: 110, blue: 60 };
    expect(leastDifference(green, brown)).toBeLessThan(0.06);
    expect(leastDifference({ red: 0, green: 0, blue: 0 }, { red: 255, green: 255, blue: 255 })).toBeCloseTo(1, 2);
  });
});

describe("painting", () => {
  it("gives each pixel the class of the cell under it", () => {
    const pixels = paintClasses(small, { x: 0, y: 0, ...SLIDE }, 41, 32, [first, second], 100);
    const at = (x: number, y: number) => [...pixels.subarray(4 * (y * 41 + x), 4 * (y * 41 + x) + 4)];
    expect(at(0, 0)).toEqual(rgba(first, 100));
    expect(at(39, 9)).toEqual(rgba(first, 100));
    expect(at(40, 9)).toEqual(NOTHING);
    expect(at(9, 10)).toEqual(NOTHING);
    expect(at(10, 10)).toEqual(rgba(second, 100));
    expect(at(20, 20)).toEqual(NOTHING);
  });

  it("of a part is that part of the whole, at any size", () => {
    const whole = paintClasses(small, { x: 0, y: 0, ...SLIDE }, 410, 320, [first, second]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        (x, y, edge, scale) => {
          const part = paintClasses(
            small,
            { x, y, widthPixels: edge * scale, heightPixels: edge * scale },
            edge,
            edge,
            [first, second],
          );
          for (let row = 0; row < edge; row += 1)
            for (let column = 0; column < edge; column += 1) {
              const [wx, wy] = [x + Math.floor((column + 0.5) * scale), y + Math.floor((row + 0.5) * scale)];
              if (wx >= 410 || wy >= 320) continue;
              const of = (pixels: Uint8Array, at: number) => [...pixels.subarray(4 * at, 4 * at + 4)];
              expect(of(part, row * edge + column)).toEqual(of(whole, wy * 410 + wx));
            }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("shows overlapping patches side by side, each where it is nearest", () => {
    const overlapping = cellClasses(
      { columns: 3, rows: 1, stepX: 50, stepY: 50, sizeX: 100, sizeY: 100 },
      [0, 1, 2],
      [0, 1, 0],
    );
    const line = paintClasses(overlapping, { x: 0, y: 50, widthPixels: 200, heightPixels: 1 }, 200, 1, [first, second]);
    const alpha = (x: number) => line[4 * x + 3];
    const red = (x: number) => line[4 * x];
    expect([alpha(24), alpha(25), alpha(174), alpha(175)]).toEqual([0, 255, 255, 0]);
    expect([red(74), red(75), red(124), red(125)]).toEqual([first.red, second.red, second.red, first.red]);
  });
});

describe("overlay tiles", () => {
  it("make up the slide, opaque on a transparent ground", async () => {
    expect(overlayDescriptor(SLIDE)).toContain('Format="png" TileSize="256" Overlap="0"');
    const left = await pixelsOf(await overlayTile(small, SLIDE, 9, 0, 0, [first, second]));
    const right = await pixelsOf(await overlayTile(small, SLIDE, 9, 1, 0, [first, second]));
    expect([left.width, left.height, right.width, right.height]).toEqual([256, 256, 154, 256]);
    expect(left.at(255, 99)).toEqual(rgba(first));
    expect(right.at(0, 99)).toEqual(rgba(first));
    expect(right.at(0, 100)).toEqual(rgba(second));
    expect(right.at(143, 0)).toEqual(rgba(first));
    expect(right.at(144, 0)).toEqual(NOTHING);
    const coarse = await pixelsOf(await overlayTile(small, SLIDE, 8, 0, 0, [first, second]));
    expect([coarse.width, coarse.height]).toEqual([205, 160]);
    expect(coarse.at(60, 60)).toEqual(rgba(second));
  });

  it.each([
    [10, 0, 0],
    [9, 2, 0],
    [9, 0, 2],
    [-1, 0, 0],
    [9, 0.5, 0],
  ])("has no tile %d/%d_%d", async (level, column, row) => {
    await expect(overlayTile(small, SLIDE, level, column, row, [first])).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("letters", () => {
  it("are as wide as said, and a longer text is cut with an ellipsis", () => {
    expect(textWidth("", 9)).toBe(0);
    expect(textWidth("HH", 12)).toBeCloseTo(2 * textWidth("HH", 6));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.integer({ min: 30, max: 200 }), (text, width) => {
        const fitted = fitText(text, 9, width);
        expect(textWidth(fitted, 9)).toBeLessThanOrEqual(width);
        if (textWidth(text, 9) <= width) expect(fitted).toBe(text);
        expect(lettering(text, 0, 0, 9)).toMatch(/^<path d="[MLh\d. -]*" fill="none" [^<>]*\/>$/);
      }),
    );
  });

  it("lose their accents rather than their meaning", () => {
    expect(lettering("é", 0, 0, 9)).toBe(lettering("e", 0, 0, 9));
    expect(lettering("\u03bc", 0, 0, 9)).toBe(lettering("\u00b5", 0, 0, 9));
    expect(lettering("e", 0, 0, 9)).not.toBe(lettering("c", 0, 0, 9));
  });
});

describe("the map", () => {
  const map = {
    underlay: { pixels: new Uint8Array(82 * 64 * 3).fill(200), widthPixels: 82, heightPixels: 64 },
    slide: SLIDE,
    micronsPerPixel: { x: 0.5, y: 0.5 },
    classes: small,
    colours: [first, second],
    title: "A slide",
    subtitle: "2 clusters",
    legend: [
      { colour: first, name: "tumour", share: 4 / 7 },
      { colour: second, name: "vessels", share: 3 / 7 },
    ],
  };

  it("shows each class in its colour over grey, beside a legend with its colour", async () => {
    const picture = await pixelsOf(await drawOverlayMap(map));
    const top = 54;
    const mixed = picture.at(14 + 5, top + 5);
    const grey = picture.at(14 + 5, top + 60);
    expect(grey[0]).toBe(grey[1]);
    expect(grey[1]).toBe(grey[2]);
    for (const [index, channel] of [first.red, first.green, first.blue].entries())
      expect(Math.abs((mixed[index] ?? 0) - (0.62 * channel + 0.38 * (grey[index] ?? 0)))).toBeLessThan(3);
    expect(picture.at(82 + 28 + 5, top + 5)).toEqual(rgba(first));
    expect(picture.at(82 + 28 + 5, top + 25)).toEqual(rgba(second));
  });

  it("has a scale bar of a round length", async () => {
    expect([0.3, 1, 4.99, 5, 70, 999, 2100].map(roundLength)).toEqual([0.2, 1, 2, 5, 50, 500, 2000]);
    // 410 px × 0.5 µm is 205 µm: a third holds 50 µm, that is 100 px of 410, or 20 of 82.
    const picture = await pixelsOf(await drawOverlayMap(map));
    const y = 54 + 64 + 17;
    const dark = Array.from({ length: 82 }, (_, x) => (picture.at(14 + x, y)[0] ?? 255) < 100);
    expect(dark.slice(0, 20)).not.toContain(false);
    expect(dark.slice(22, 27)).not.toContain(true);
  });

  it("counts what a long legend leaves out, and stays a picture", async () => {
    const colours = classColours(200);
    const legend = colours.map((colour, index) => ({ colour, name: `phenotype ${index}`, share: 1 / 200 }));
    const { width, height } = await pixelsOf(await drawOverlayMap({ ...map, colours, legend }));
    expect(width).toBeLessThan(4000);
    expect(height).toBeLessThan(400);
  });
});

it("a contact sheet shows every patch, framed, and where one is missing", async () => {
  const blue = { pixels: new Uint8Array(64 * 64 * 3), widthPixels: 64, heightPixels: 64 };
  for (let at = 2; at < blue.pixels.length; at += 3) blue.pixels[at] = 255;
  const patches = Array.from({ length: 6 }, (_, i) => ({ picture: i === 5 ? null : blue, caption: `slide-${i}` }));
  const picture = await pixelsOf(await drawContactSheet("phenotype 1", "7 patches", first, patches, 64));
  expect([picture.width, picture.height]).toEqual([28 + 4 * 64 + 30, 54 + 2 * 94 + 4]);
  const near = (actual: number[], expected: number[]) =>
    actual.slice(0, 3).forEach((value, index) => {
      expect(Math.abs(value - (expected[index] ?? 0))).toBeLessThan(12);
    });
  near(picture.at(14 + 30, 54 + 30), [0, 0, 255]);
  near(picture.at(14 + 3 * 74 + 30, 54 + 30), [0, 0, 255]);
  near(picture.at(14 + 30, 54 + 94 + 30), [0, 0, 255]);
  near(picture.at(14 + 74 + 30, 54 + 94 + 50), [238, 238, 238]);
});
