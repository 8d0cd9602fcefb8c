import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContourPolygon, type Ring, signedArea, traceContours } from "./contours.ts";
import type { BinaryImage } from "./maskFilters.ts";

const imageOf = (...rows: string[]): BinaryImage => ({
  widthPixels: rows[0]?.length ?? 0,
  heightPixels: rows.length,
  data: Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0)),
});

const anyImage: fc.Arbitrary<BinaryImage> = fc
  .record({ widthPixels: fc.integer({ min: 1, max: 9 }), heightPixels: fc.integer({ min: 1, max: 9 }) })
  .chain((size) =>
    fc
      .array(fc.constantFrom(0, 1), {
        minLength: size.widthPixels * size.heightPixels,
        maxLength: size.widthPixels * size.heightPixels,
      })
      .map((data) => ({ ...size, data: Uint8Array.from(data) })),
  );

/** Whether a point lies inside a ring: how often a ray to the left crosses it (even-odd rule). */
const isInside = (ring: Ring, x: number, y: number): boolean =>
  ring.slice(1).reduce((inside, [toX, toY], index) => {
    const [fromX, fromY] = ring[index] ?? [toX, toY];
    const crosses = fromY > y !== toY > y && x > fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX);
    return crosses ? !inside : inside;
  }, false);

const holds = ({ exterior, holes }: ContourPolygon, x: number, y: number): boolean =>
  isInside(exterior, x, y) && !holes.some((hole) => isInside(hole, x, y));

describe("outlines of a mask", () => {
  it("are closed rings of four corners or more, simple, with exteriors positive and holes negative (RFC 7946)", () => {
    fc.assert(
      fc.property(anyImage, (image) => {
        for (const { exterior, holes } of traceContours(image)) {
          expect(signedArea(exterior)).toBeGreaterThan(0);
          for (const hole of holes) expect(signedArea(hole)).toBeLessThan(0);
          for (const ring of [exterior, ...holes]) {
            expect(ring.length).toBeGreaterThanOrEqual(5);
            expect(ring[0]).toEqual(ring.at(-1));
            expect(new Set(ring.slice(1).map(String)).size).toBe(ring.length - 1);
          }
        }
      }),
    );
  });

  it("hold exactly the mask's pixels, each in one polygon", () => {
    fc.assert(
      fc.property(anyImage, (image) => {
        const polygons = traceContours(image);
        const area = polygons.flatMap(({ exterior, holes }) => [exterior, ...holes]).map(signedArea);
        expect(area.reduce((sum, each) => sum + each, 0)).toBe(image.data.reduce((sum, each) => sum + each, 0));
        image.data.forEach((value, at) => {
          const [x, y] = [(at % image.widthPixels) + 0.5, Math.floor(at / image.widthPixels) + 0.5];
          expect(polygons.filter((polygon) => holds(polygon, x, y))).toHaveLength(value);
        });
      }),
    );
  });

  it("of an island in a hole are two polygons, the outer with its hole", () => {
    const polygons = traceContours(imageOf("#####", "#...#", "#.#.#", "#...#", "#####"));
    expect(polygons).toEqual([
      {
        exterior: [
          [0, 0],
          [5, 0],
          [5, 5],
          [0, 5],
          [0, 0],
        ],
        holes: [
          [
            [1, 1],
            [1, 4],
            [4, 4],
            [4, 1],
            [1, 1],
          ],
        ].map((ring) => expect.arrayContaining(ring)),
      },
      {
        exterior: [
          [2, 2],
          [3, 2],
          [3, 3],
          [2, 3],
          [2, 2],
        ],
        holes: [],
      },
    ]);
  });

  it("of pieces that touch at a corner only are apart; a piece that touches itself there closes a hole", () => {
    expect(traceContours(imageOf("#.", ".#"))).toHaveLength(2);
    const [ring, ...others] = traceContours(imageOf("###", "#.#", "##.", "..."));
    expect(others).toEqual([]);
    expect(ring?.holes).toHaveLength(1);
  });

  it("of nothing are none", () => {
    expect(traceContours(imageOf("...", "..."))).toEqual([]);
  });
});
