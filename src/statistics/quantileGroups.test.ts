import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutGroups, quantileGroups, quantileOfSorted } from "./quantileGroups.ts";

describe("quantileGroups", () => {
  it("interpolates quantiles as NumPy (np.quantile)", () => {
    const sorted = [1, 1, 2, 3, 4, 5, 6, 9];
    expect([0.25, 0.5, 0.75].map((p) => quantileOfSorted(sorted, p))).toEqual([1.75, 3.5, 5.25]);
    expect([0, 1].map((p) => quantileOfSorted(sorted, p))).toEqual([1, 9]);
  });

  it("puts a value equal to the median into the lower group", () => {
    const { cuts, names, groups } = quantileGroups([50, 40, 60, 50, 70], 2);
    expect(cuts).toEqual([50]);
    expect(names).toEqual(["≤ 50", "> 50"]);
    expect([...groups]).toEqual([0, 0, 1, 0, 1]);
  });

  it("forms groups of equal size from distinct values, in the order of the values", () => {
    const values = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 4 }), (given, count) => {
        const { groups, names } = quantileGroups(given, count);
        expect(names).toHaveLength(count);
        const sizes = names.map((_, group) => groups.filter((other) => other === group).length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        given.forEach((x, i) => {
          given.forEach((y, j) => {
            if (x < y) expect(groups[i]).toBeLessThanOrEqual(groups[j] ?? 0);
          });
        });
      }),
    );
  });

  it.each([
    ["too many equal values", [1, 1, 1, 1, 2], 2, "BAD_ARGUMENT", true],
    ["a constant", [3, 3, 3, 3], 2, "BAD_ARGUMENT", false],
    ["equal quantiles", [1, 1, 1, 1, 1, 1, 2, 3], 4, "BAD_ARGUMENT", false],
    ["fewer values than groups", [1, 2], 3, "TOO_FEW_PATIENTS", false],
    ["one group", [1, 2], 1, "BAD_ARGUMENT", false],
    ["a missing value", [1, Number.NaN, 3], 2, "BAD_ARGUMENT", false],
  ])("answers %s", (_, values, count, code, possible) => {
    if (possible) expect([...quantileGroups(values, count).groups]).toEqual([0, 0, 0, 0, 1]);
    else expect(() => quantileGroups(values, count)).toThrow(expect.objectContaining({ code }));
  });
});

describe("cutGroups", () => {
  it("names its groups and may leave one empty", () => {
    const { names, groups } = cutGroups([1, 60, 75.5], [40, 60, 70]);
    expect(names).toEqual(["≤ 40", "> 40 to 60", "> 60 to 70", "> 70"]);
    expect([...groups]).toEqual([0, 1, 3]);
    expect(cutGroups([1], []).names).toEqual(["all"]);
  });

  it("refuses cuts that do not ascend", () => {
    expect(() => cutGroups([1], [2, 2])).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });
});
