import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enrichCategories, numberCategories, oddsTest } from "./enrichment.ts";

type Row = { pValue: number; oddsRatio: number | null; lower: number | null; upper: number | null };
type Table = [[number, number], [number, number]];
type Reference = {
  exact: (Row & { table: Table })[];
  large: (Row & { table: Table })[];
  cohort: {
    names: string[];
    codes: number[];
    shares: number[];
    rows: (Row & { category: string; patients: number; share: number; qValue: number })[];
  };
};

/** SciPy's figures; `enrichment.py` beside them made them. */
const reference = JSON.parse(
  readFileSync(new URL("./reference/enrichment.json", import.meta.url), "utf8"),
) as Reference;

const close = (actual: number | null, expected: number | null, what: string): void => {
  if (actual === null || expected === null) expect(actual, what).toBe(expected);
  else expect(Math.abs(actual - expected), what).toBeLessThanOrEqual(1e-6 * Math.max(1e-300, Math.abs(expected)));
};

const closeRows = (actual: Row, expected: Row): void => {
  for (const name of ["pValue", "oddsRatio", "lower", "upper"] as const) close(actual[name], expected[name], name);
};

describe("the test of two properties", () => {
  it.each(reference.exact)("is SciPy's Fisher for $table", ({ table, ...expected }) => {
    const actual = oddsTest(table, 0.95);
    expect(actual.test).toBe("Fisher exact");
    closeRows(actual, expected);
  });

  it.each(reference.large)("is SciPy's chi-square for $table", ({ table, ...expected }) => {
    const actual = oddsTest(table, 0.95);
    expect(actual.test).toBe("chi-square");
    closeRows(actual, expected);
  });

  it("stays exact where few are expected in a cell, and says nothing where nothing can differ", () => {
    expect(
      oddsTest(
        [
          [3, 9000],
          [1, 9000],
        ],
        0.95,
      ).test,
    ).toBe("Fisher exact");
    const nobody = [
      [0, 20_000],
      [0, 20_000],
    ] as const;
    expect(oddsTest(nobody, 0.95)).toMatchObject({ pValue: 1, oddsRatio: null, lower: 0, upper: null });
  });

  it("has no odds ratio limits where a cell of a large table is empty", () => {
    const table = [
      [0, 6000],
      [40, 6000],
    ] as const;
    expect(oddsTest(table, 0.95)).toMatchObject({ oddsRatio: 0, lower: null, upper: null, test: "chi-square" });
  });
});

describe("enrichment of categories", () => {
  it("is SciPy's, with its q-values", () => {
    const { names, codes, shares, rows } = reference.cohort;
    const actual = enrichCategories(shares, { names, codes });
    expect(actual.map(({ category, patients }) => [category, patients])).toEqual(
      rows.map(({ category, patients }) => [category, patients]),
    );
    actual.forEach((row, index) => {
      const expected = rows[index] as (typeof rows)[number];
      closeRows(row, expected);
      close(row.share, expected.share, "share");
      close(row.qValue, expected.qValue, "qValue");
    });
  });

  it("takes any share for rich where more than half have none", () => {
    const shares = [0, 0, 0, 0, 0, 0.2, 0.4, 0.1];
    const [none, some] = enrichCategories(shares, { names: ["n", "s"], codes: [0, 0, 0, 0, 0, 1, 1, 1] });
    expect(none).toMatchObject({ category: "n", share: 0, oddsRatio: 0 });
    expect(some).toMatchObject({ category: "s", oddsRatio: null, upper: null });
    expect(some?.pValue).toBeCloseTo(2 / 56 / 2, 12);
  });

  it("leaves out categories that nobody is in, and one of all is no difference", () => {
    const rows = enrichCategories([0.1, 0.9, 0.4], { names: ["x", "y"], codes: [1, 1, 1] });
    expect(rows).toMatchObject([{ category: "y", patients: 3, oddsRatio: null, pValue: 1, qValue: 1 }]);
  });

  it("depends on no order of patients, and mirrored categories have inverse odds", () => {
    const patient = fc.record({ share: fc.integer({ min: 0, max: 9 }), code: fc.integer({ min: 0, max: 1 }) });
    fc.assert(
      fc.property(fc.array(patient, { minLength: 2, maxLength: 40 }), (list) => {
        const rowsOf = (patients: typeof list) =>
          enrichCategories(
            patients.map(({ share }) => share / 10),
            { names: ["a", "b"], codes: patients.map(({ code }) => code) },
          );
        const rows = rowsOf(list);
        const [a, b] = rows;
        rowsOf(list.toReversed()).forEach((row, index) => {
          expect(row.patients).toBe(rows[index]?.patients);
          close(row.pValue, rows[index]?.pValue ?? null, "pValue");
        });
        for (const { pValue, qValue } of rows) expect(qValue).toBeGreaterThanOrEqual(pValue);
        if (a?.oddsRatio && b?.oddsRatio) close(a.oddsRatio * b.oddsRatio, 1, "product");
        if (a && b) close(a.pValue, b.pValue, "pValue");
      }),
    );
  });

  it.each([
    ["one patient", [0.5], { names: ["a"], codes: [0] }, "TOO_FEW_PATIENTS"],
    ["another number of values", [0.5, 0.4], { names: ["a"], codes: [0] }, "BAD_ARGUMENT"],
    ["a share that is no number", [0.5, Number.NaN], { names: ["a"], codes: [0, 0] }, "BAD_ARGUMENT"],
    ["a code of no category", [0.5, 0.4], { names: ["a"], codes: [0, 1] }, "BAD_ARGUMENT"],
  ])("refuses %s", (_, shares, categories, code) => {
    expect(() => enrichCategories(shares, categories)).toThrow(expect.objectContaining({ code }));
  });
});

describe("numbers as categories", () => {
  it("are quarters", () => {
    const values = Array.from({ length: 40 }, (_, i) => i);
    const { names, codes } = numberCategories(values);
    expect(names).toEqual(["≤ 9.75", "> 9.75 to 19.5", "> 19.5 to 29.25", "> 29.25"]);
    expect(Array.from(codes).filter((code) => code === 2)).toHaveLength(10);
  });

  it("are the values themselves where these are few, and one where all are equal", () => {
    expect(numberCategories([2, 4, 3, 4, 2]).names).toEqual(["≤ 2", "> 2 to 3", "> 3"]);
    expect(numberCategories([7, 7]).names).toEqual(["all"]);
  });

  it("have nobody left out, whatever the ties", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 }), (values) => {
        const { names, codes } = numberCategories(values);
        expect(names.length).toBeLessThanOrEqual(4);
        expect(new Set(Array.from(codes))).toEqual(new Set(names.keys()));
      }),
    );
  });
});
