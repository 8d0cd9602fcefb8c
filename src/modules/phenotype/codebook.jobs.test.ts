import fc from "fast-check";
import { expect, test } from "vitest";
import { unitsOf } from "./codebook.jobs.ts";

test("units hold every slide once and in order, and no more slides than fill them", () => {
  const slides = fc.array(fc.record({ patches: fc.integer({ min: 1, max: 50 }) }));
  fc.assert(
    fc.property(slides, fc.integer({ min: 1, max: 100 }), (all, least) => {
      const units = unitsOf(all, least);
      expect(units.flat()).toEqual(all);
      const size = (unit: readonly { patches: number }[]) => unit.reduce((sum, { patches }) => sum + patches, 0);
      for (const unit of units.slice(0, -1)) expect(size(unit)).toBeGreaterThanOrEqual(least);
      for (const unit of units) expect(size(unit.slice(0, -1))).toBeLessThan(least);
    }),
  );
  expect(unitsOf([{ patches: 5 }, { patches: 7 }], Number.POSITIVE_INFINITY)).toHaveLength(1);
});
