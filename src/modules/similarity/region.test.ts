import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isHistoError } from "../../platform/errors.ts";
import { boxOf, indexesInside, MAX_VERTICES, type Point, type Polygon, type Region, readRegion } from "./region.ts";

const coordinate = fc.integer({ min: -50, max: 50 });
const point = fc.tuple(coordinate, coordinate);
const ring = fc.array(point, { minLength: 3, maxLength: 12 });
const polygon = fc.array(ring, { minLength: 1, maxLength: 3 });
const points = fc.array(point, { maxLength: 60 });

const inside = (region: Region, of: readonly Point[]): number[] =>
  Array.from(indexesInside(region, { x: of.map(([x]) => x), y: of.map(([, y]) => y) }));

/** One point against every edge: the definition, without a sweep. */
const isInside = (of: Polygon, [x, y]: Point): boolean => {
  let crossings = 0;
  for (const corners of of) {
    corners.forEach(([x1, y1], index) => {
      const [x2, y2] = corners[(index + 1) % corners.length] as Point;
      if (y1 <= y === y2 <= y) return;
      const [upper, lower] = y1 < y2 ? [[x1, y1] as const, [x2, y2] as const] : [[x2, y2] as const, [x1, y1] as const];
      const slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
      if (upper[0] + (y - upper[1]) * slope < x) crossings++;
    });
  }
  return crossings % 2 === 1;
};

describe("points inside of a region", () => {
  test("are those that a ray finds inside, polygon by polygon", () => {
    fc.assert(
      fc.property(fc.array(polygon, { minLength: 1, maxLength: 3 }), points, (region, of) => {
        const expected = of.flatMap((at, index) => (region.some((part) => isInside(part, at)) ? [index] : []));
        expect(inside(region, of)).toEqual(expected);
      }),
    );
  });

  test("of an upright rectangle are those between its sides; each border belongs to one of two neighbours", () => {
    fc.assert(
      fc.property(coordinate, coordinate, fc.nat(40), fc.nat(40), points, (left, top, width, height, of) => {
        const [right, bottom] = [left + width + 1, top + height + 1];
        const corners: Point[] = [
          [left, top],
          [right, top],
          [right, bottom],
          [left, bottom],
        ];
        const expected = of.flatMap(([x, y], index) =>
          x > left && x <= right && y >= top && y < bottom ? [index] : [],
        );
        expect(inside([[corners]], of)).toEqual(expected);
      }),
    );
  });

  test("do not depend on where a ring begins, nor on its direction", () => {
    fc.assert(
      fc.property(ring, fc.nat(20), points, (corners, start, of) => {
        const shift = start % corners.length;
        const turned = [...corners.slice(shift), ...corners.slice(0, shift)];
        expect(inside([[turned]], of)).toEqual(inside([[corners]], of));
        expect(inside([[corners.toReversed()]], of)).toEqual(inside([[corners]], of));
      }),
    );
  });

  test("of a ring and of the same ring as a hole in something larger make up the larger one", () => {
    fc.assert(
      fc.property(ring, points, (corners, of) => {
        const frame: Point[] = [
          [-60, -60],
          [60, -60],
          [60, 60],
          [-60, 60],
        ];
        const both = [...inside([[corners]], of), ...inside([[frame, corners]], of)].sort((a, b) => a - b);
        expect(both).toEqual(of.map((_, index) => index));
      }),
    );
  });

  test("lie in its box", () => {
    fc.assert(
      fc.property(polygon, points, (part, of) => {
        const { left, top, right, bottom } = boxOf([part]);
        for (const index of inside([part], of)) {
          const [x, y] = of[index] as Point;
          expect(x >= left && x <= right && y >= top && y <= bottom).toBe(true);
        }
      }),
    );
  });

  it("takes no time that matters for a slide of many patches and an outline of many corners", () => {
    const corners = Array.from({ length: MAX_VERTICES }, (_, index): Point => {
      const angle = (2 * Math.PI * index) / MAX_VERTICES;
      const radius = 50_000 + 5000 * Math.sin(angle * 300);
      return [50_000 + radius * Math.cos(angle), 50_000 + radius * Math.sin(angle)];
    });
    const side = 450;
    const cells = Array.from({ length: side * side }, (_, cell) => cell);
    const began = performance.now();
    const found = indexesInside([[corners]], {
      x: cells.map((cell) => (cell % side) * 224),
      y: cells.map((cell) => Math.floor(cell / side) * 224),
    });
    expect(performance.now() - began).toBeLessThan(2000);
    const area = Math.PI * 50_000 ** 2 + (Math.PI * 5000 ** 2) / 2;
    expect(found.length / (area / 224 ** 2)).toBeCloseTo(1, 1);
  });
});

describe("GeoJSON", () => {
  const corners = [
    [0, 0],
    [10, 0],
    [10, 10],
  ];

  it.each([
    ["open", { type: "Polygon", coordinates: [corners] }],
    ["closed", { type: "Polygon", coordinates: [[...corners, [0, 0]]] }],
    ["with a third coordinate", { type: "Polygon", coordinates: [corners.map(([x, y]) => [x, y, 5])] }],
    ["as a MultiPolygon", { type: "MultiPolygon", coordinates: [[corners]] }],
    ["as a Feature", { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [corners] } }],
  ])("%s is read", (_how, value) => {
    expect(readRegion(value, ["polygon"])).toEqual([[corners]]);
  });

  const refusal = (value: unknown) => {
    try {
      readRegion(value, ["polygon"]);
    } catch (error) {
      return isHistoError(error) ? { code: error.code, path: error.inputPath?.join("."), fix: error.fix } : error;
    }
    return "was read";
  };

  it.each([
    ["a text", '{"type": "Polygon"}', "polygon"],
    ["null", null, "polygon"],
    ["a list of numbers", [1, 2], "polygon"],
    ["a point", { type: "Point", coordinates: [1, 2] }, "polygon"],
    ["a collection", { type: "FeatureCollection", features: [] }, "polygon"],
    ["a Feature without geometry", { type: "Feature", geometry: null }, "polygon.geometry"],
    ["a polygon without coordinates", { type: "Polygon" }, "polygon.coordinates"],
    ["an empty polygon", { type: "Polygon", coordinates: [] }, "polygon.coordinates"],
    ["a ring that is no list", { type: "Polygon", coordinates: [7] }, "polygon.coordinates.0"],
    ["a ring in the place of rings", { type: "Polygon", coordinates: corners }, "polygon.coordinates.0.0"],
    ["a ring of two", { type: "Polygon", coordinates: [[[0, 0], [1, 1], [0, 0]]] }, "polygon.coordinates.0"], // biome-ignore format: one row a case
    ["a text as a number", { type: "Polygon", coordinates: [[[0, 0], ["1", 1], [2, 0]]] }, "polygon.coordinates.0.1"], // biome-ignore format: one row a case
    ["infinity", { type: "Polygon", coordinates: [[[0, 0], [1, 1 / 0], [2, 0]]] }, "polygon.coordinates.0.1"], // biome-ignore format: one row a case
    ["a bad second polygon", { type: "MultiPolygon", coordinates: [[corners], [[[0, 0]]]] }, "polygon.coordinates.1.0"],
  ])("that is %s is refused", (_what, value, path) => {
    expect(refusal(value)).toEqual({ code: "BAD_ARGUMENT", path, fix: expect.stringMatching(/./) });
  });

  it("with too many vertices is LIMIT_EXCEEDED", () => {
    const many = Array.from({ length: MAX_VERTICES + 1 }, (_, index) => [index, index ** 2]);
    expect(refusal({ type: "Polygon", coordinates: [many] })).toMatchObject({
      code: "LIMIT_EXCEEDED",
      path: "polygon",
    });
  });
});
