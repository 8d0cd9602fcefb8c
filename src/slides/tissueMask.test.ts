import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskOfThumbnail, otsuThreshold } from "./tissueMask.ts";
import type { RgbImage, TissueMethod } from "./types.ts";

type Colour = readonly [number, number, number];

/** A picture with ±4 levels of seeded noise, as a camera gives. */
const picture = (colourAt: (x: number, y: number) => Colour, widthPixels = 300, heightPixels = 260): RgbImage => {
  const pixels = new Uint8Array(widthPixels * heightPixels * 3);
  let state = 1;
  for (let at = 0; at < pixels.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const pixel = Math.floor(at / 3);
    const value = colourAt(pixel % widthPixels, Math.floor(pixel / widthPixels))[at % 3] ?? 0;
    pixels[at] = Math.min(255, Math.max(0, Math.round(value + (state / 2 ** 32 - 0.5) * 8)));
  }
  return { pixels, widthPixels, heightPixels };
};
const GLASS: Colour = [243, 242, 244];
const TINTED_GLASS: Colour = [235, 228, 205];
const isInDisc = (x: number, y: number) => (x - 120) ** 2 + (y - 130) ** 2 < 70 ** 2;
const DISC_SHARE = (Math.PI * 70 ** 2) / (300 * 260);
const disc = (inside: Colour, outside: Colour) => picture((x, y) => (isInDisc(x, y) ? inside : outside));

const shareOf = (image: RgbImage, method: TissueMethod = "OTSU"): number => {
  const result = maskOfThumbnail(image, method);
  if (result.kind !== "mask") throw new Error(result.reason);
  return result.tissueShare;
};

describe("maskOfThumbnail", () => {
  it.each<[string, (x: number, y: number) => Colour]>([
    ["white", () => [255, 255, 255]],
    ["glass", () => GLASS],
    ["tinted glass", () => TINTED_GLASS],
    ["unevenly lit glass", (x) => [242 - x / 10, 242 - x / 10, 242 - x / 10]],
    ["a green marker", (x, y) => (isInDisc(x, y) ? [60, 160, 90] : GLASS)],
    ["a blue marker", (x, y) => (isInDisc(x, y) ? [30, 60, 180] : GLASS)],
    ["a black border", (x) => (x > 200 ? [4, 3, 5] : GLASS)],
    ["a few specks", (x, y) => (x % 90 < 5 && y % 90 < 5 ? [150, 60, 120] : GLASS)],
  ])("finds no tissue on %s", (_name, colourAt) => {
    expect(shareOf(picture(colourAt))).toBe(0);
  });

  it.each<[string, Colour, Colour]>([
    ["H&E on glass", [200, 150, 180], GLASS],
    ["H&E on tinted glass", [200, 150, 180], TINTED_GLASS],
    ["pale H&E", [232, 210, 225], GLASS],
    ["haematoxylin alone", [200, 202, 224], GLASS],
    ["DAB", [130, 90, 60], GLASS],
  ])("outlines %s within 2 %%", (_name, tissue, glass) => {
    expect(Math.abs(shareOf(disc(tissue, glass)) - DISC_SHARE)).toBeLessThan(0.02 * DISC_SHARE);
  });

  it("keeps all of a region without glass, nuclei and cytoplasm alike", () => {
    const region = picture((x, y) => ((x % 12) ** 2 + (y % 12) ** 2 < 40 ? [110, 70, 150] : [225, 180, 210]));
    expect(shareOf(region)).toBeGreaterThan(0.99);
  });

  it("keeps pale tissue beside deeply stained tissue", () => {
    const bands = picture((x) => (x < 60 ? GLASS : x < 200 ? [214, 204, 226] : [120, 80, 60]));
    expect(shareOf(bands)).toBeCloseTo(0.8, 1.5);
  });

  it("fills vessels and keeps the shape at the slide's edge", () => {
    const holed = picture((x, y) =>
      isInDisc(x, y) && (x - 120) ** 2 + (y - 130) ** 2 > 8 ** 2 ? [200, 150, 180] : GLASS,
    );
    expect(Math.abs(shareOf(holed) - DISC_SHARE)).toBeLessThan(0.02 * DISC_SHARE);
    expect(shareOf(picture((x) => (x < 150 ? [200, 150, 180] : GLASS)))).toBeCloseTo(0.5, 1.9);
  });

  it("refuses to look for saturation on a dark field, and for light on a bright one", () => {
    const fluorescence = disc([10, 20, 140], [2, 2, 6]);
    for (const method of ["OTSU", "FIXED"] as const)
      expect(maskOfThumbnail(fluorescence, method)).toEqual({ kind: "refused", reason: "NOT_BRIGHTFIELD" });
    expect(maskOfThumbnail(disc([200, 150, 180], GLASS), "DARKFIELD")).toEqual({
      kind: "refused",
      reason: "NOT_DARKFIELD",
    });
    expect(maskOfThumbnail(fluorescence, "DARKFIELD")).toMatchObject({ kind: "mask", isDarkfield: true });
    expect(Math.abs(shareOf(fluorescence, "DARKFIELD") - DISC_SHARE)).toBeLessThan(0.1 * DISC_SHARE);
    expect(
      shareOf(
        picture(() => [3, 3, 6]),
        "DARKFIELD",
      ),
    ).toBe(0);
  });

  it("takes everything when told not to look", () => {
    expect(
      shareOf(
        picture(() => GLASS),
        "NONE",
      ),
    ).toBe(1);
  });

  it("gives a mask of ones and zeros, or a reason, for any picture, and the same one again", () => {
    const pictures = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
      .chain(([widthPixels, heightPixels]) =>
        fc
          .uint8Array({ minLength: widthPixels * heightPixels * 3, maxLength: widthPixels * heightPixels * 3 })
          .map((pixels): RgbImage => ({ pixels, widthPixels, heightPixels })),
      );
    fc.assert(
      fc.property(pictures, fc.constantFrom<TissueMethod>("OTSU", "FIXED", "DARKFIELD", "NONE"), (image, method) => {
        const result = maskOfThumbnail(image, method);
        expect(maskOfThumbnail(image, method)).toEqual(result);
        if (result.kind === "refused") return;
        expect(result.data.length).toBe(image.widthPixels * image.heightPixels);
        expect(result.data.every((value) => value === 0 || value === 1)).toBe(true);
      }),
    );
  });
});

describe("otsuThreshold", () => {
  it("lies between two separate groups of values", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 150, max: 250 }), (low, high) => {
        const histogram = new Uint32Array(256);
        for (const [centre, count] of [
          [low, 300],
          [high, 200],
        ] as const)
          for (let value = Math.max(0, centre - 5); value <= Math.min(255, centre + 5); value++)
            histogram[value] = count;
        const t = otsuThreshold(histogram);
        expect(t).toBeGreaterThan(low + 5);
        expect(t).toBeLessThanOrEqual(Math.max(1, high - 5));
      }),
    );
  });
});
