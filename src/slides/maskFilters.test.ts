import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BinaryImage, boxBlur, close, fillHoles, median, removeSpecks } from "./maskFilters.ts";

const images = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 }))
  .chain(([widthPixels, heightPixels]) =>
    fc
      .uint8Array({ minLength: widthPixels * heightPixels, maxLength: widthPixels * heightPixels, max: 1 })
      .map((data): BinaryImage => ({ data, widthPixels, heightPixels })),
  );
const radii = fc.integer({ min: 0, max: 5 });

/** The values of the box around a pixel, one by one. */
const boxValues = (image: BinaryImage, radius: number, x: number, y: number): number[] => {
  const values: number[] = [];
  for (let v = Math.max(0, y - radius); v <= Math.min(image.heightPixels - 1, y + radius); v++)
    for (let u = Math.max(0, x - radius); u <= Math.min(image.widthPixels - 1, x + radius); u++)
      values.push(image.data[v * image.widthPixels + u] ?? 0);
  return values;
};
const perPixel = (image: BinaryImage, value: (values: number[]) => number, radius: number): BinaryImage => ({
  ...image,
  data: image.data.map((_, at) =>
    value(boxValues(image, radius, at % image.widthPixels, Math.floor(at / image.widthPixels))),
  ),
});
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const picture = (...rows: string[]): BinaryImage => ({
  widthPixels: rows[0]?.length ?? 0,
  heightPixels: rows.length,
  data: Uint8Array.from(rows.join(""), (mark) => (mark === "#" ? 1 : 0)),
});

describe("mask filters", () => {
  it("agree with their definitions taken pixel by pixel", () => {
    fc.assert(
      fc.property(images, radii, (image, radius) => {
        expect(median(image, radius)).toEqual(
          perPixel(image, (values) => (2 * sum(values) > values.length ? 1 : 0), radius),
        );
        const dilated = perPixel(image, (values) => Math.max(...values), radius);
        expect(close(image, radius)).toEqual(perPixel(dilated, (values) => Math.min(...values), radius));
      }),
    );
  });

  it("blurs bytes to the mean of the box", () => {
    fc.assert(
      fc.property(images, radii, fc.integer({ min: 1, max: 255 }), (image, radius, level) => {
        const bytes = image.data.map((value, at) => value * ((level + at) % 256));
        const expected = perPixel(
          { ...image, data: bytes },
          (values) => Math.round(sum(values) / values.length),
          radius,
        );
        expect(boxBlur(bytes, image.widthPixels, image.heightPixels, radius)).toEqual(expected.data);
      }),
    );
  });

  it("only adds when closing or filling, only removes when despeckling, and is stable when repeated", () => {
    fc.assert(
      fc.property(images, radii, fc.integer({ min: 0, max: 30 }), (image, radius, size) => {
        const grows = (other: BinaryImage) => image.data.every((value, at) => value <= (other.data[at] ?? 0));
        expect(grows(close(image, radius))).toBe(true);
        expect(grows(fillHoles(image, size))).toBe(true);
        expect(removeSpecks(image, size).data.every((value, at) => value <= (image.data[at] ?? 0))).toBe(true);
        expect(close(close(image, radius), radius)).toEqual(close(image, radius));
        expect(fillHoles(fillHoles(image, size), size)).toEqual(fillHoles(image, size));
      }),
    );
  });

  it("fills small holes, not large ones nor bays of the background", () => {
    const ring = picture("........", ".######.", ".#.##..#", ".######.", "........");
    expect(fillHoles(ring, 2)).toEqual(picture("........", ".######.", ".####..#", ".######.", "........"));
    expect(fillHoles(picture("#.#", "###"), 5)).toEqual(picture("#.#", "###"));
    expect(removeSpecks(picture("#..", "..#", ".##"), 3)).toEqual(picture("...", "..#", ".##"));
  });
});
