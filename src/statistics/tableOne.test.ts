import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chiSquareIndependence, crossTabulate } from "./contingency.ts";
import { fisherExact } from "./fisherExact.ts";
import { benjaminiHochberg } from "./multipleTesting.ts";
import { kruskalWallis, mannWhitneyU, midranks } from "./ranks.ts";
import { compareCategories, compareNumbers } from "./tableOne.ts";
import { welchT } from "./welch.ts";

/** Expected figures: SciPy 1.17.1, by the function named beside each. */

const a = [1.1, 2.5, 2.5, 3.2, 4.8, 5.0, 7.7];
const b = [2.5, 3.9, 6.1, 6.1, 8.4, 9.0, 10.2, 3.2];
const c = [0.3, 2.5, 9.9, 1.2];

const close = (actual: number, expected: number, relative = 1e-10): void => {
  if (Number.isFinite(expected)) expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected));
  else expect(actual).toBe(expected);
};

describe("ranks", () => {
  it("are shared by ties (rankdata)", () => {
    const { ranks, tieTerm } = midranks([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]);
    expect([...ranks]).toEqual([4.5, 1.5, 6, 1.5, 8, 11, 3, 10, 8, 4.5, 8]);
    expect(tieTerm).toBe(6 + 6 + 24);
  });

  it("give Mann–Whitney U (mannwhitneyu, method asymptotic)", () => {
    const { statistic, pValue } = mannWhitneyU(a, b);
    expect(statistic).toBe(13.5);
    close(pValue, 0.10332675585258011);
    expect(mannWhitneyU([3, 1], [2, 2])).toMatchObject({ statistic: 2, pValue: 1 });
    expect(mannWhitneyU([2, 2], [2])).toMatchObject({ statistic: 1, pValue: 1 });
  });

  it("give U as the pairs won, whichever group is first", () => {
    const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, values, (first, second) => {
        const won = first.flatMap((x) => second.map((y): number => (x > y ? 1 : x === y ? 0.5 : 0)));
        const test = mannWhitneyU(first, second);
        expect(test.statistic).toBe(won.reduce((sum, value) => sum + value, 0));
        close(mannWhitneyU(second, first).pValue, test.pValue);
      }),
    );
  });

  it("give Kruskal–Wallis H (kruskal)", () => {
    const { statistic, pValue, degreesOfFreedom } = kruskalWallis([a, b, c]);
    close(statistic, 3.8597074468085144);
    close(pValue, 0.14516943182090838);
    expect(degreesOfFreedom).toBe(2);
    expect(kruskalWallis([[1, 1], [1]])).toMatchObject({ statistic: 0, pValue: 1 });
  });

  it.each([
    ["an empty group", [[1], []], "TOO_FEW_PATIENTS"],
    ["one group", [[1, 2]], "BAD_ARGUMENT"],
    ["a missing value", [[1, Number.NaN], [2]], "BAD_ARGUMENT"],
  ])("refuse %s", (_, groups, code) => {
    expect(() => kruskalWallis(groups)).toThrow(expect.objectContaining({ code }));
  });
});

describe("welchT", () => {
  it("is ttest_ind with equal_var=False", () => {
    const { statistic, pValue, degreesOfFreedom } = welchT(a, b);
    close(statistic, -1.8024007411447112);
    close(pValue, 0.09502556148917318);
    close(degreesOfFreedom ?? 0, 12.822224815350564);
  });

  it("refuses groups that do not vary, and single patients", () => {
    expect(() => welchT([1, 1], [2, 2])).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
    expect(() => welchT([1], [2, 3])).toThrow(expect.objectContaining({ code: "TOO_FEW_PATIENTS" }));
  });
});

describe("contingency tables", () => {
  it.each([
    [
      [
        [12, 5, 7],
        [3, 9, 14],
      ],
      8.810286935286934,
      0.012214353924559529,
      2,
      6.72,
    ],
    [
      [
        [30, 10],
        [18, 25],
      ],
      9.33232973421927,
      0.0022514592896967617,
      1,
      16.867469879518072,
    ],
    [
      [
        [5, 0, 3],
        [2, 0, 8],
        [7, 0, 1],
      ],
      8.496428571428574,
      0.014289728511528581,
      2,
      3.6923076923076925,
    ],
  ])(
    "%j by chi-square (chi2_contingency, correction=False)",
    (table, statistic, pValue, degreesOfFreedom, smallest) => {
      const test = chiSquareIndependence(table);
      close(test.statistic, statistic);
      close(test.pValue, pValue);
      close(test.smallestExpected, smallest);
      expect(test.degreesOfFreedom).toBe(degreesOfFreedom);
    },
  );

  /** Odds ratio and limits: scipy.stats.contingency.odds_ratio(kind="conditional"); p: fisher_exact. */
  it.each([
    [
      [
        [3, 1],
        [1, 3],
      ],
      0.48571428571428565,
      6.408319658199662,
      0.21173559544657966,
      626.2435305888141,
    ],
    [
      [
        [10, 2],
        [3, 15],
      ],
      0.0005367241191434357,
      21.305317556750314,
      2.7533827882493185,
      301.4623379715165,
    ],
    [
      [
        [0, 5],
        [7, 4],
      ],
      0.03365384615384615,
      0,
      0,
      1.066686405490605,
    ],
    [
      [
        [8, 0],
        [2, 9],
      ],
      0.0007144558228149559,
      Number.POSITIVE_INFINITY,
      3.3911670409488455,
      Number.POSITIVE_INFINITY,
    ],
    [
      [
        [120, 80],
        [95, 140],
      ],
      5.258415873267578e-5,
      2.206393321829337,
      1.4777964744594072,
      3.3084592866559532,
    ],
    [
      [
        [1200, 9800],
        [700, 8300],
      ],
      4.2676052912252665e-14,
      1.4518685292982139,
      1.315460544734003,
      1.6032841396629771,
    ],
  ])("%j by Fisher's exact test", (table, pValue, oddsRatio, lower, upper) => {
    const test = fisherExact(table);
    close(test.pValue, pValue, 1e-9);
    close(test.oddsRatio, oddsRatio, 1e-8);
    close(test.lower, lower, 1e-8);
    close(test.upper, upper, 1e-8);
  });

  it("give limits at any confidence (odds_ratio, 0.8), and the sample odds ratio", () => {
    const test = fisherExact(
      [
        [10, 2],
        [3, 15],
      ],
      { confidence: 0.8 },
    );
    close(test.lower, 4.661748996951697, 1e-8);
    close(test.upper, 128.65762511175262, 1e-8);
    expect(test.sampleOddsRatio).toBe(25);
  });

  it("say nothing about the odds ratio where a margin is empty", () => {
    expect(
      fisherExact([
        [0, 0],
        [3, 4],
      ]),
    ).toMatchObject({ pValue: 1, oddsRatio: Number.NaN, lower: 0, upper: Number.POSITIVE_INFINITY });
  });

  it("are exact: p is 1 or the enumerated share of tables no likelier", () => {
    const cell = fc.integer({ min: 0, max: 6 });
    const choose = (n: number, k: number): number =>
      k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
    fc.assert(
      fc.property(cell, cell, cell, cell, (w, x, y, z) => {
        const ways = (first: number): number => choose(w + x, first) * choose(y + z, w + y - first);
        const all = Array.from({ length: w + y + 1 }, (_, first) => ways(first));
        const rarer = all.filter((count) => count <= ways(w) * (1 + 1e-7));
        const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
        close(
          fisherExact([
            [w, x],
            [y, z],
          ]).pValue,
          sum(rarer) / sum(all),
          1e-9,
        );
      }),
    );
  });

  it("are counted from labels", () => {
    expect(crossTabulate(["A", "B", "A", "A"], ["x", "y", "y", "x"])).toEqual({
      rows: ["A", "B"],
      columns: ["x", "y"],
      table: [
        [2, 1],
        [0, 1],
      ],
    });
  });

  it.each([
    ["uneven rows", [[1, 2], [3]], "BAD_ARGUMENT"],
    [
      "a negative count",
      [
        [1, 2],
        [3, -1],
      ],
      "BAD_ARGUMENT",
    ],
    [
      "a single filled column",
      [
        [1, 0],
        [3, 0],
      ],
      "TOO_FEW_PATIENTS",
    ],
  ])("refuse %s", (_, table, code) => {
    expect(() => chiSquareIndependence(table)).toThrow(expect.objectContaining({ code }));
  });

  it("of other sizes than 2 × 2 are not for Fisher", () => {
    expect(() =>
      fisherExact([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
    expect(() =>
      fisherExact(
        [
          [1, 2],
          [4, 5],
        ],
        { confidence: 1 },
      ),
    ).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });
});

describe("the right test", () => {
  it("is chosen by the kind and number of groups", () => {
    expect(compareNumbers([a, b]).name).toBe("Mann–Whitney U");
    expect(compareNumbers([a, b, c]).name).toBe("Kruskal–Wallis");
    expect(
      compareCategories([
        [30, 10],
        [18, 25],
      ]).name,
    ).toBe("chi-square");
    expect(
      compareCategories([
        [3, 1],
        [1, 3],
      ]).name,
    ).toBe("Fisher exact");
    expect(
      compareCategories([
        [3, 1, 0],
        [0, 0, 0],
        [1, 3, 0],
      ]).name,
    ).toBe("Fisher exact");
    expect(
      compareCategories([
        [3, 1, 1],
        [1, 3, 1],
      ]).name,
    ).toBe("chi-square");
  });
});

describe("benjaminiHochberg", () => {
  it("is false_discovery_control, and passes over tests that were not done", () => {
    const q = benjaminiHochberg([0.01, 0.04, null, 0.03, 0.005, 0.5, 0.04]);
    const expected = [0.03, 0.048, null, 0.048, 0.03, 0.5, 0.048];
    q.forEach((value, i) => {
      if (value === null) expect(expected[i]).toBeNull();
      else expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 12);
    });
    expect(benjaminiHochberg([])).toEqual([]);
    expect(() => benjaminiHochberg([1.2])).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });

  it("keeps the order of the p-values and never lies below them", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (p) => {
        const q = benjaminiHochberg(p).map((value) => value ?? Number.NaN);
        q.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual((p[i] ?? 0) * (1 - 1e-12));
          expect(value).toBeLessThanOrEqual(1);
          q.forEach((other, j) => {
            if ((p[i] ?? 0) <= (p[j] ?? 0)) expect(value).toBeLessThanOrEqual(other + 1e-12);
          });
        });
      }),
    );
  });
});
