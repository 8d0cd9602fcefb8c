import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELIMITERS, detectDelimiter, parseDelimited } from "./delimited.ts";

const quote = (cell: string, delimiter: string, always: boolean): string =>
  always || cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

const cell = fc.string({
  unit: fc.constantFrom("a", "é", "1", " ", ",", ";", "\t", "|", '"', "\n", "\r", "\r\n"),
  maxLength: 6,
});
const delimiter = fc.constantFrom(...DELIMITERS);
const lineEnding = fc.constantFrom("\n", "\r\n", "\r");

describe("parseDelimited", () => {
  it("reads back every table that was written after RFC 4180", () => {
    const tables = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { maxLength: 8 });
    fc.assert(
      fc.property(tables, delimiter, lineEnding, fc.boolean(), fc.boolean(), (rows, mark, ending, always, ends) => {
        const text = rows.map((row) => row.map((value) => quote(value, mark, always)).join(mark)).join(ending);
        const { records, rowNumbers } = parseDelimited(ends && text !== "" ? text + ending : text, mark);
        expect(records).toEqual(rows);
        expect(rowNumbers).toEqual(rows.map((_, index) => index + 1));
      }),
    );
  });

  it("counts blank lines and skips them", () => {
    expect(parseDelimited("a,b\n\n  \n1,2\n\n", ",")).toEqual({
      records: [
        ["a", "b"],
        ["1", "2"],
      ],
      rowNumbers: [1, 4],
    });
  });

  it.each([
    ['a,"b', "Row 1: a quoted cell has no end."],
    ['x,y\na,"b"c', 'Row 2: "c" stands behind the end of a quoted cell.'],
  ])("refuses %j", (text, message) => {
    expect(() => parseDelimited(text, ",")).toThrow(message);
  });

  it("keeps quotes inside of a cell that does not begin with one", () => {
    expect(parseDelimited('a,5" b,c', ",").records).toEqual([["a", '5" b', "c"]]);
  });
});

describe("detectDelimiter", () => {
  it("finds the delimiter of any regular table of words and decimal numbers", () => {
    const value = fc.oneof(fc.constantFrom("x", "grade 2", ""), fc.integer().map(String));
    const tables = fc
      .integer({ min: 2, max: 6 })
      .chain((width) =>
        fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 2, maxLength: 9 }),
      );
    fc.assert(
      fc.property(tables, delimiter, (rows, mark) => {
        const header = (rows[0] ?? []).map((_, index) => `column ${index}`);
        expect(detectDelimiter([header, ...rows].map((row) => row.join(mark)).join("\n"))).toBe(mark);
      }),
    );
  });

  it("is not misled by decimal commas or commas in words", () => {
    expect(detectDelimiter("id;age;note\nP1;1,5;a, b, c\nP2;2,5;d\n")).toBe(";");
    expect(detectDelimiter('id\tnote\nP1\t"a, b; c"\n')).toBe("\t");
    expect(detectDelimiter("id\nP1\n")).toBe(",");
  });
});
