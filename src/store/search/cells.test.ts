import fc from "fast-check";
import { expect, test } from "vitest";
import { cellMap, cellsHolding, cellsWithin, matchesByCell, orderCells, reachOf } from "./cells.ts";
import { mergeHits } from "./clustered.ts";

const CELLS = 6;

const slides = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 50 }),
      counts: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: CELLS, maxLength: CELLS }),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 12 },
  )
  .map((list) => new Map(list.map(({ id, counts }) => [id, { cells: counts.map((_, cell) => cell), counts }])));

const distances = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: CELLS, maxLength: CELLS });
const spreads = fc.array(fc.double({ min: 0.01, max: 0.5, noNaN: true }), { minLength: CELLS, maxLength: CELLS });

const near = (values: readonly number[]) => ({ cells: values.map((_, cell) => cell), distances: values });

test("matches of cells add up to the matches of slides", () => {
  fc.assert(
    fc.property(slides, fc.array(fc.integer({ min: 1, max: 60 })), (held, some) => {
      const map = cellMap(held, new Float64Array(CELLS).fill(0.1));
      const ids = [...new Set(some)];
      const expected = ids.flatMap((id) => held.get(id)?.counts ?? []).reduce((sum, rows) => sum + rows, 0);
      expect(matchesByCell(map, ids).reduce((sum, rows) => sum + rows, 0)).toBe(expected);
      expect(map.rows).toBe(map.sizes.reduce((sum, rows) => sum + rows, 0));
    }),
  );
});

test("cells are read best first, and what was read adds up", () => {
  fc.assert(
    fc.property(slides, distances, spreads, fc.double({ min: 0, max: 2, noNaN: true }), (held, far, wide, reach) => {
      const map = cellMap(held, Float64Array.from(wide));
      const matches = matchesByCell(map, [...held.keys()].slice(0, 2));
      const order = orderCells(map, near(far), matches, reach);
      expect([...order.nearest]).toEqual([...order.nearest].sort((a, b) => a - b));
      expect(new Set(order.cells)).toEqual(new Set(far.flatMap((_, cell) => (matches[cell] ? [cell] : []))));
      for (const [place, cell] of order.cells.entries()) {
        const before = place === 0 ? [0, 0] : [order.matching[place - 1] as number, order.visited[place - 1] as number];
        expect((order.matching[place] as number) - (before[0] as number)).toBe(matches[cell]);
        expect((order.visited[place] as number) - (before[1] as number)).toBe(map.sizes[cell]);
      }
    }),
  );
});

test("a cell is read exactly when it reaches as far as the furthest hit", () => {
  fc.assert(
    fc.property(slides, distances, spreads, fc.double({ min: 0, max: 2, noNaN: true }), (held, far, wide, hit) => {
      const map = cellMap(held, Float64Array.from(wide));
      const reach = 1;
      const order = orderCells(map, near(far), matchesByCell(map, held.keys()), reach);
      const number = cellsWithin(order, hit);
      for (const [place, cell] of order.cells.entries()) {
        const needed = reachOf(far[cell] as number, hit, wide[cell] as number);
        if (Math.abs(needed - reach) > 1e-9) expect(place < number).toBe(needed < reach);
      }
    }),
  );
});

test("the first cells hold the rows wanted, and no fewer cells would", () => {
  fc.assert(
    fc.property(slides, distances, fc.integer({ min: 1, max: 200 }), (held, far, rows) => {
      const map = cellMap(held, new Float64Array(CELLS).fill(0.1));
      const order = orderCells(map, near(far), matchesByCell(map, held.keys()), 1);
      const number = cellsHolding(order, rows);
      if (order.cells.length === 0) expect(number).toBe(0);
      else if (number < order.cells.length) expect(order.matching[number - 1]).toBeGreaterThanOrEqual(rows);
      if (number > 1) expect(order.matching[number - 2]).toBeLessThan(rows);
    }),
  );
});

test("merged hits are the nearest of both, each once", () => {
  const hit = fc.record({
    patchId: fc.integer({ min: 1, max: 1e6 }),
    slideId: fc.constant(1),
    patientId: fc.constant(1),
    distance: fc.constantFrom(0, 0.1, 0.2, 0.3),
  });
  const hits = fc.uniqueArray(hit, { selector: ({ patchId }) => patchId, maxLength: 20 });
  fc.assert(
    fc.property(hits, fc.nat(20), fc.integer({ min: 1, max: 10 }), (all, cut, first) => {
      const sorted = all.toSorted((a, b) => a.distance - b.distance || a.patchId - b.patchId);
      expect(mergeHits(all.slice(0, cut), all.slice(cut), first)).toEqual(sorted.slice(0, first));
    }),
  );
});
