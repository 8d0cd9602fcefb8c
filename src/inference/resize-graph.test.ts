import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { PIXELS } from "./encoder-graph.ts";
import { RESIZED, resizeGraph } from "./resize-graph.ts";

const KERNELS = {
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  // Keys (1981), cubic convolution, with a = -0.5.
  bicubic: {
    support: 2,
    weight: (distance: number) => {
      const x = Math.abs(distance);
      if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
      return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
    },
  },
} as const;

/** Weights of every source pixel for every target pixel: the kernel, widened when shrinking, normalised to sum 1. */
const weights = (from: number, to: number, kind: keyof typeof KERNELS): number[][] => {
  const { weight } = KERNELS[kind];
  const widening = Math.max(1, from / to);
  return Array.from({ length: to }, (_, target) => {
    const centre = ((target + 0.5) * from) / to;
    const row = Array.from({ length: from }, (_, source) => weight((source + 0.5 - centre) / widening));
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((w) => w / sum);
  });
};

const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** The straightforward resize: columns, then rows, rounding to bytes in between as Pillow does. */
const reference = (pixels: Uint8Array, height: number, width: number, to: number, kind: keyof typeof KERNELS) => {
  const at = (y: number, x: number, c: number): number => pixels[(y * width + x) * 3 + c] ?? 0;
  const horizontal = weights(width, to, kind);
  const vertical = weights(height, to, kind);
  const narrow = Array.from({ length: height }, (_, y) =>
    horizontal.map((row) => [0, 1, 2].map((c) => byte(row.reduce((sum, w, x) => sum + w * at(y, x, c), 0)))),
  );
  return vertical.flatMap((column) =>
    horizontal.flatMap((_, x) =>
      [0, 1, 2].map((c) => byte(column.reduce((sum, w, y) => sum + w * (narrow[y]?.[x]?.[c] ?? 0), 0))),
    ),
  );
};

test.each(["bilinear", "bicubic"] as const)(
  "%s equals the straightforward resize of any region, within one level",
  async (kind) => {
    const to = 16;
    const session = await InferenceSession.create(resizeGraph({ inputPixels: to, resize: kind }));
    const region = fc
      .record({ height: fc.integer({ min: 5, max: 70 }), width: fc.integer({ min: 5, max: 70 }) })
      .chain(({ height, width }) =>
        fc.record({
          height: fc.constant(height),
          width: fc.constant(width),
          pixels: fc.uint8Array({ minLength: 2 * height * width * 3, maxLength: 2 * height * width * 3 }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(region, async ({ height, width, pixels }) => {
        const { [RESIZED]: resized } = await session.run({
          [PIXELS]: new Tensor("uint8", pixels, [2, height, width, 3]),
        });
        expect(resized?.dims).toEqual([2, to, to, 3]);
        const half = height * width * 3;
        const expected = [pixels.subarray(0, half), pixels.subarray(half)].flatMap((patch) =>
          reference(patch, height, width, to, kind),
        );
        const differences = Array.from((resized?.data ?? []) as Uint8Array).map((value, index) =>
          Math.abs(value - (expected[index] ?? Number.NaN)),
        );
        expect(Math.max(...differences)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
    await session.release();
  },
);
