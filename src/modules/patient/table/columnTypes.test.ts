import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_MISSING_VALUES, inferType, missingTest, parseValue, typeAlike } from "./columnTypes.ts";
import { detectDecimalMark, parseNumber } from "./numbers.ts";

const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value + 0);
const mark = fc.constantFrom(".", ",") as fc.Arbitrary<"." | ",">;
const write = (value: number, decimalMark: string): string => String(value).replace(".", decimalMark);

describe("parseNumber", () => {
  it("reads every finite number back, with either mark", () => {
    fc.assert(
      fc.property(finite, mark, (value, decimalMark) => {
        expect(parseNumber(` ${write(value, decimalMark)} `, decimalMark)).toBe(value);
      }),
    );
  });

  it("never gives anything but a finite number", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.,eE+- xN'") }), mark, (text, decimalMark) => {
        const value = parseNumber(text, decimalMark);
        expect(value === undefined || Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it.each(["", "1,234", "1 000", "0x10", "Infinity", "NaN", "1e999", "--1", ".", "5%", "<5"])("refuses %j", (text) => {
    expect(parseNumber(text, ".")).toBeUndefined();
  });
});

describe("detectDecimalMark", () => {
  it("is the mark of any table with a fraction in it", () => {
    const fraction = fc
      .tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: 1, max: 99 }))
      .map(([whole, rest]) => `${whole}.${rest}`);
    fc.assert(
      fc.property(
        fc.array(fraction, { minLength: 1 }),
        fc.array(fc.integer().map(String)),
        mark,
        (cells, others, given) => {
          expect(detectDecimalMark([[...others, ...cells.map((cell) => cell.replace(".", given))]])).toBe(given);
        },
      ),
    );
  });

  it("does not take thousands for fractions unless the comma cannot be a delimiter", () => {
    expect(detectDecimalMark([["1,234"]], ",")).toBe(".");
    expect(detectDecimalMark([["1,234"]], ";")).toBe(",");
  });
});

describe("inferType", () => {
  const infer = (name: string, ...cells: string[]) => inferType(name, cells, ".");

  it("takes numbers for numbers, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), mark, (values, decimalMark) => {
        const cells = values.map((value) => write(value, decimalMark));
        expect(inferType("x", cells, decimalMark)).toBe("NUMBER");
        for (const [index, cell] of cells.entries()) {
          expect(parseValue(cell, "NUMBER", decimalMark)).toBe(values[index]);
        }
      }),
    );
  });

  it("every cell has a value of the type that is inferred", () => {
    const cell = fc.oneof(fc.constantFrom("yes", "no", "TRUE", "0", "1", "1.0", "a", "B"), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(fc.array(cell), fc.constantFrom("x", "is_x"), (cells, name) => {
        const type = inferType(name, cells, ".");
        for (const text of cells) expect(parseValue(text, type, ".")).toBeDefined();
      }),
    );
  });

  it("tells booleans by their words, and 0 and 1 by the column's name", () => {
    expect(infer("smoker", "yes", "No")).toBe("BOOLEAN");
    expect(infer("x", "TRUE", "FALSE")).toBe("BOOLEAN");
    expect(infer("is_female", "0.0", "1.0")).toBe("BOOLEAN");
    expect(infer("IDH1_mut", "0", "1")).toBe("BOOLEAN");
    expect(infer("is_female", "0", "2")).toBe("NUMBER");
    expect(infer("lesions", "0", "1")).toBe("NUMBER");
    expect(infer("sex", "F", "F")).toBe("CATEGORY");
  });

  it("tells categories from texts and from codes", () => {
    expect(infer("grade", "II", "III")).toBe("CATEGORY");
    expect(infer("block", "007", "008")).toBe("CATEGORY");
    expect(
      inferType(
        "note",
        Array.from({ length: 60 }, (_, index) => `note ${index}`),
        ".",
      ),
    ).toBe("TEXT");
    expect(infer("note", "x".repeat(200))).toBe("TEXT");
    expect(infer("empty")).toBe("CATEGORY");
  });
});

describe("typeAlike", () => {
  const alike = (type: "NUMBER" | "CATEGORY" | "BOOLEAN" | "TEXT", cells: string[], categories: string[] = []) =>
    typeAlike({ type, categories }, inferType("x", cells, "."), cells, ".");

  it("keeps the known type where the values allow it", () => {
    expect(alike("NUMBER", ["1", "2", "x"])).toBe("NUMBER");
    expect(alike("NUMBER", ["x", "y"])).toBe("CATEGORY");
    expect(alike("BOOLEAN", ["0", "1"])).toBe("BOOLEAN");
    expect(alike("BOOLEAN", ["0", "2"])).toBe("NUMBER");
    expect(alike("CATEGORY", ["2", "3"], ["2", "3", "4"])).toBe("CATEGORY");
    expect(alike("CATEGORY", ["2", "61"], ["2", "3", "4"])).toBe("NUMBER");
    expect(alike("TEXT", ["2"])).toBe("TEXT");
    expect(alike("NUMBER", [])).toBe("NUMBER");
  });
});

describe("missingTest", () => {
  it("knows the default words in any case, and empty cells whatever the words", () => {
    const isMissing = missingTest(DEFAULT_MISSING_VALUES);
    for (const word of ["", "  ", "na", "N/A", "nan", "NULL", "Unknown", "Not Reported", ".", "-", "--"]) {
      expect(isMissing(word)).toBe(true);
    }
    for (const word of ["0", "none", "no"]) expect(isMissing(word)).toBe(false);
    expect(missingTest(["-9"])("")).toBe(true);
    expect(missingTest(["-9"])("NA")).toBe(false);
  });
});
