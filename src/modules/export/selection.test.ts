import { expect, test } from "vitest";
import { columnNames } from "./selection.ts";

test("clinical columns are called like no other one, in any case of letters", () => {
  expect(columnNames(["age", "size", "Slide", "micronsPerPixel"])).toEqual([
    "age",
    "clinical.size",
    "clinical.Slide",
    "clinical.micronsPerPixel",
  ]);
  expect(columnNames(["size", "clinical.size", "Größe"])).toEqual(["clinical.clinical.size", "clinical.size", "Größe"]);
});
