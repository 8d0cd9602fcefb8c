import { describe, expect, it } from "vitest";
import { type CovariateTerm, completePatients, designMatrix } from "./designMatrix.ts";

const grade = { kind: "categorical", name: "grade", values: ["III", "II", "IV", "II"] } as const;

describe("designMatrix", () => {
  it("keeps numbers and turns categories into dummies against the first", () => {
    const design = designMatrix([
      { kind: "numeric", name: "age", values: [61, 47, 55, 70] },
      grade,
      { kind: "boolean", name: "female", values: [true, false, true, false] },
    ]);
    expect(design.names).toEqual(["age", "grade: III", "grade: IV", "female: true"]);
    expect(design.columns.map((column) => [...column])).toEqual([
      [61, 47, 55, 70],
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [1, 0, 1, 0],
    ]);
    expect(design.terms).toEqual([
      { name: "age", first: 0, count: 1 },
      { name: "grade", first: 1, count: 2 },
      { name: "female", first: 3, count: 1 },
    ]);
  });

  it("takes another reference", () => {
    expect(designMatrix([{ ...grade, reference: "IV" }]).names).toEqual(["grade: II", "grade: III"]);
  });

  const refusals: [string, CovariateTerm[], RegExp][] = [
    ["no covariate", [], /no covariate/],
    ["an unknown reference", [{ ...grade, reference: "V" }], /"V" of "grade"/],
    ["a single category", [{ ...grade, values: ["II", "II"] }], /"II" for every patient/],
    ["a missing category", [{ ...grade, values: ["II", null] }], /"grade" is missing/],
    ["a missing number", [{ kind: "numeric", name: "age", values: [1, Number.NaN] }], /"age" is missing/],
    [
      "an infinite number",
      [{ kind: "numeric", name: "age", values: [1, Number.POSITIVE_INFINITY] }],
      /"age" is missing or infinite/,
    ],
    ["a name given twice", [grade, grade], /named twice/],
    ["terms of unequal length", [grade, { kind: "numeric", name: "age", values: [1] }], /1 values for 4 patients/],
  ];
  it.each(refusals)("refuses %s", (_, terms, words) => {
    expect(() => designMatrix(terms)).toThrow(
      expect.objectContaining({ code: "BAD_ARGUMENT", message: expect.stringMatching(words) }),
    );
  });
});

describe("completePatients", () => {
  it("tells who has every value and how many lack each", () => {
    const terms: CovariateTerm[] = [
      { kind: "numeric", name: "age", values: [61, null, 55, Number.NaN] },
      { kind: "categorical", name: "grade", values: ["II", null, "III", "II"] },
    ];
    expect(completePatients(terms, 4)).toEqual({
      complete: [0, 2],
      missing: [
        { name: "age", patients: 2 },
        { name: "grade", patients: 1 },
      ],
    });
  });
});
