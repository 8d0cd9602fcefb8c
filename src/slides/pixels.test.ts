import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argbToRgb, clipToLevel, placeOnWhite, resizeRgb, WHITE, windowOnLevel } from "./pixels.ts";

describe("argbToRgb", () => {
  it("keeps opaque colours, and lays premultiplied ones over the background to within one level", async () => {
    const channel = fc.integer({ min: 0, max: 255 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(channel, channel, channel, channel)),
        fc.tuple(channel, channel, channel),
        async (colours, [red, green, blue]) => {
          const words = Uint32Array.from(colours, ([alpha, ...rgb]) => {
            const [r = 0, g = 0, b = 0] = rgb.map((value) => Math.round((value * alpha) / 255));
            return ((alpha << 24) | (r << 16) | (g << 8) | b) >>> 0;
          });
          const out = await argbToRgb(words, { red, green, blue });
          for (const [i, [alpha, ...rgb]] of colours.entries())
            for (const [k, under] of [red, green, blue].entries()) {
              const exact = ((rgb[k] ?? 0) * alpha + under * (255 - alpha)) / 255;
              expect(Math.abs((out[i * 3 + k] ?? Number.NaN) - exact)).toBeLessThanOrEqual(1);
            }
        },
      ),
    );
  });

  it("converts a large picture without holding the event loop", async () => {
    const words = new Uint32Array(9_000_000).fill(0xff102030);
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await argbToRgb(words, WHITE);
    isDone = true;
    // Others get a turn at least once every 600,000 pixels.
    expect(turns).toBeGreaterThanOrEqual(15);
  });
});

describe("regions", () => {
  const level = { widthPixels: 10, heightPixels: 8, downsample: 1 };

  it("shows the level where there is one and white elsewhere", () => {
    const coordinate = fc.integer({ min: -15, max: 15 });
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(coordinate, coordinate, size, size, (x, y, widthPixels, heightPixels) => {
        const window = windowOnLevel([level], { x, y, level: 0, widthPixels, heightPixels });
        const part = clipToLevel(window, level);
        const pixels =
          part &&
          Uint8Array.from({ length: part.widthPixels * part.heightPixels * 3 }, (_, at) => {
            const pixel = Math.floor(at / 3);
            return (part.left + (pixel % part.widthPixels)) * 10 + part.top + Math.floor(pixel / part.widthPixels);
          });
        const out = placeOnWhite(pixels, part, window);
        expect(out.length).toBe(widthPixels * heightPixels * 3);
        for (let v = 0; v < heightPixels; v++)
          for (let u = 0; u < widthPixels; u++) {
            const isInside = x + u >= 0 && x + u < 10 && y + v >= 0 && y + v < 8;
            expect(out[(v * widthPixels + u) * 3]).toBe(isInside ? (x + u) * 10 + y + v : 255);
          }
      }),
    );
  });

  it.each([
    { x: Number.NaN, y: 0, level: 0, widthPixels: 1, heightPixels: 1 },
    { x: 0, y: 0, level: 1, widthPixels: 1, heightPixels: 1 },
    { x: 0, y: 0, level: 0, widthPixels: 0, heightPixels: 1 },
    { x: 0, y: 0, level: 0, widthPixels: 1.5, heightPixels: 1 },
  ])("refuses %j", (region) => {
    expect(() => windowOnLevel([level], region)).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });

  it("refuses more pixels than memory should hold", () => {
    const region = { x: 0, y: 0, level: 0, widthPixels: 100_000, heightPixels: 100_000 };
    expect(() => windowOnLevel([level], region)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
  });

  it("resizes a flat colour to the same colour", async () => {
    const pixels = new Uint8Array(40 * 30 * 3).fill(77);
    const out = await resizeRgb({ pixels, widthPixels: 40, heightPixels: 30 }, 7, 5);
    expect([...new Set(out)]).toEqual([77]);
    expect(out.length).toBe(7 * 5 * 3);
  });
});
