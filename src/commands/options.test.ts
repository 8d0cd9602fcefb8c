import { expect, it } from "vitest";
import { requireWhole } from "./options.ts";

it("whole numbers are digits and nothing else", () => {
  expect(["1", "08", "64"].map((text) => requireWhole("concurrency", text, 1, 64))).toEqual([1, 8, 64]);
  for (const text of ["2.5", "0x10", "1e1", "", " ", "-1", "+1", "two"]) {
    expect(() => requireWhole("concurrency", text, 1, 64), text).toThrow(
      `--concurrency ${text} is not a whole number.`,
    );
  }
  for (const text of ["0", "65"]) {
    expect(() => requireWhole("concurrency", text, 1, 64), text).toThrow("is not a number from 1 to 64");
  }
});
