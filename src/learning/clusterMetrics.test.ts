import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { adjustedRandIndex, clusterAgreement, completeness, homogeneity, purity, vMeasure } from "./index.ts";

/** Figures that scikit-learn gave; `source` in the file says how. */
const reference = z
  .object({
    agreement: z.array(
      z.object({
        name: z.string(),
        classes: z.array(z.number()),
        clusters: z.array(z.number()),
        adjustedRandIndex: z.number(),
        homogeneity: z.number(),
        completeness: z.number(),
        vMeasure: z.number(),
        purity: z.number(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "reference/sklearn.json"), "utf8")));

const METRICS = { adjustedRandIndex, homogeneity, completeness, vMeasure, purity };
const NAMES = ["adjustedRandIndex", "homogeneity", "completeness", "vMeasure", "purity"] as const;

const groupings = fc
  .integer({ min: 1, max: 80 })
  .chain((rows) => fc.tuple(...[0, 1].map(() => fc.array(fc.nat(6), { minLength: rows, maxLength: rows }))));

describe("agreement of groupings", () => {
  it.each(reference.agreement)("is scikit-learn's ($name)", ({ classes, clusters, ...expected }) => {
    for (const name of NAMES) expect(METRICS[name](classes, clusters)).toBeCloseTo(expected[name], 10);
  });

  it("is within its range, and 1 for the same grouping under other names", () => {
    fc.assert(
      fc.property(groupings, ([a = [], b = []]) => {
        for (const name of NAMES) {
          const value = METRICS[name](a, b);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
          expect(value).toBeGreaterThanOrEqual(name === "adjustedRandIndex" ? -0.5 : 0);
          expect(
            METRICS[name](
              a,
              a.map((label) => `renamed ${label}`),
            ),
          ).toBeCloseTo(1, 12);
        }
      }),
    );
  });

  it("is the same in any order of rows; changing both groupings over swaps homogeneity and completeness", () => {
    fc.assert(
      fc.property(groupings, fc.nat(), ([a = [], b = []], turn) => {
        const turned = (labels: number[]): number[] =>
          labels.map((_, i) => labels[(i * 1 + turn) % labels.length] ?? 0).toReversed();
        for (const name of NAMES) expect(METRICS[name](turned(a), turned(b))).toBeCloseTo(METRICS[name](a, b), 10);
        expect(adjustedRandIndex(b, a)).toBeCloseTo(adjustedRandIndex(a, b), 12);
        expect(vMeasure(b, a)).toBeCloseTo(vMeasure(a, b), 10);
        expect(homogeneity(b, a)).toBeCloseTo(completeness(a, b), 10);
      }),
    );
  });

  it("rises in homogeneity and purity when a cluster is split", () => {
    fc.assert(
      fc.property(
        groupings,
        fc.array(fc.nat(1), { minLength: 80, maxLength: 80 }),
        ([classes = [], clusters = []], half) => {
          const split = clusters.map((cluster, row) => cluster * 2 + (half[row] ?? 0));
          expect(clusterAgreement(classes, split).homogeneity).toBeGreaterThanOrEqual(
            homogeneity(classes, clusters) - 1e-12,
          );
          expect(purity(classes, split)).toBeGreaterThanOrEqual(purity(classes, clusters));
        },
      ),
    );
  });

  it("refuses groupings of different rows", () => {
    expect(() => adjustedRandIndex([1, 2], [1])).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
    expect(() => purity([], [])).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });
});
