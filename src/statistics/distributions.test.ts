import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chiSquareUpperTail, normalQuantile, normalTwoSided, studentTwoSided } from "./distributions.ts";
import { dot, factorise, invert, solve } from "./linearAlgebra.ts";

const relative = (actual: number, expected: number): number =>
  expected === 0 ? Math.abs(actual) : Math.abs(actual / expected - 1);

/** Expected values: SciPy 1.17.1, scipy.stats chi2.sf, norm.sf, norm.ppf, t.sf. */
describe("distributions", () => {
  it.each([
    [0.5, 1, 0.47950012218695337],
    [3.84, 1, 0.05004352124870519],
    [25, 3, 1.5440498291101365e-5],
    [150, 6, 7.737242864182583e-30],
    [600, 5, 2.022417284281337e-127],
    [1300, 2, 5.111951948651156e-283],
    [1e-9, 4, 1],
    [0, 2, 1],
    [2000, 1, 0],
  ])("chi-square beyond %d on %d degrees of freedom", (x, degreesOfFreedom, expected) => {
    expect(relative(chiSquareUpperTail(x, degreesOfFreedom), expected)).toBeLessThan(1e-11);
  });

  it.each([
    [0, 1],
    [0.5, 0.6170750774519738],
    [-1.96, 0.04999579029644087],
    [6, 1.973175290075389e-9],
    [20, 5.507248237212311e-89],
    [37, 1.1451142445047853e-299],
    [40, 0],
  ])("normal beyond ±%d", (z, expected) => {
    expect(relative(normalTwoSided(z), expected)).toBeLessThan(1e-12);
  });

  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.9, 1.2815515655446004],
    [0.3, -0.5244005127080409],
    [1e-12, -7.034483825301131],
  ])("normal quantile %d", (probability, expected) => {
    expect(relative(normalQuantile(probability), expected)).toBeLessThan(1e-12);
  });

  it.each([
    [0, 3, 1],
    [2.5, 5, 0.05449009934237626],
    [-2.1, 10.35, 0.061154619050449534],
    [8, 100.3, 2.236316561410683e-12],
    [1000, 2.5, 4.54949278966149e-8],
    [60, 10_000, 0],
    [40, 50_000, 0],
  ])("t beyond ±%d on %d degrees of freedom", (t, degreesOfFreedom, expected) => {
    expect(relative(studentTwoSided(t, degreesOfFreedom), expected)).toBeLessThan(1e-10);
  });

  it("falls with the statistic and is never out of range", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3000, noNaN: true }), fc.integer({ min: 1, max: 200 }), (x, df) => {
        const p = chiSquareUpperTail(x, df);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(chiSquareUpperTail(x + 1, df)).toBeLessThanOrEqual(p);
        expect(studentTwoSided(x, df)).toBeGreaterThanOrEqual(0);
        expect(normalTwoSided(x)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("linear algebra", () => {
  const matrices = fc
    .integer({ min: 1, max: 6 })
    .chain((size) =>
      fc.tuple(
        fc.constant(size),
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: size * size, maxLength: size * size }),
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: size, maxLength: size }),
      ),
    );

  it("solves and inverts positive definite systems", () => {
    fc.assert(
      fc.property(matrices, ([size, root, x]) => {
        const row = (matrix: ArrayLike<number>, i: number): number[] =>
          Array.from({ length: size }, (_, j) => matrix[i * size + j] ?? 0);
        const matrix = Float64Array.from({ length: size * size }, (_, entry) => {
          const [i, j] = [Math.floor(entry / size), entry % size];
          return dot(row(root, i), row(root, j)) + (i === j ? 1 : 0);
        });
        const result = factorise(matrix, size);
        if ("dependentColumn" in result) throw new Error("positive definite by construction");
        const rightHandSide = x.map((_, i) => dot(row(matrix, i), x));
        solve(result.factorisation, rightHandSide).forEach((value, i) => {
          expect(value).toBeCloseTo(x[i] ?? 0, 8);
        });
        const inverse = invert(result.factorisation);
        x.forEach((_, i) => {
          expect(dot(row(matrix, i), row(inverse, i))).toBeCloseTo(1, 8);
        });
      }),
    );
  });

  it("names the first dependent column", () => {
    expect(factorise(Float64Array.of(1, 0, 1, 0, 1, 1, 1, 1, 2), 3)).toEqual({ dependentColumn: 2 });
    expect(factorise(Float64Array.of(0), 1)).toEqual({ dependentColumn: 0 });
  });
});
