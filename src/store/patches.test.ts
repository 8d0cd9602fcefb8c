import fc from "fast-check";
import { expect, it } from "vitest";
import { cellOf, gridIdOf, inStrips, MAX_CELLS, patchId } from "./patches.ts";

it("a patch's number gives back its grid and cell", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 29 - 1), fc.nat(MAX_CELLS - 1), (grid, cell) => {
      const id = patchId(grid, cell);
      expect(Number.isSafeInteger(id)).toBe(true);
      expect([gridIdOf(id), cellOf(id)]).toEqual([grid, cell]);
    }),
  );
});

it("reading order visits every patch once, strip by strip, rows downwards", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.uniqueArray(fc.nat(70 * 40), { maxLength: 300 }),
      fc.nat(1000),
      (columns, cells, grid) => {
        const ids = Float64Array.from(cells.sort((a, b) => a - b).map((cell) => patchId(grid, cell)));
        const ordered = inStrips(ids, columns);
        const strip = (id: number) => Math.floor((cellOf(id) % columns) / 16);
        const byComparison = [...ids].sort((a, b) => strip(a) - strip(b) || a - b);
        expect([...ordered]).toEqual(byComparison);
      },
    ),
  );
});
