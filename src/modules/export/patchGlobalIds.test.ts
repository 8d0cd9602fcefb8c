import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeId } from "../../platform/ids.ts";
import { idBeginning, patchGlobalIds } from "./patchGlobalIds.ts";

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

test("ids are those that the graph gives, whatever the keys and places", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string()), { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), int32, int32), { maxLength: 20 }),
      (study, grids, rows) => {
        const slides = Int32Array.from(rows, ([slide]) => slide % grids.length);
        const { offsets, bytes } = patchGlobalIds(
          grids.map(([slide, grid]) => idBeginning(study, slide, grid)),
          slides,
          Int32Array.from(rows, ([, x]) => x),
          Int32Array.from(rows, ([, , y]) => y),
        );
        const made = rows.map((_, row) => Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString());
        const wanted = rows.map(([, x, y], row) => {
          const [slide, grid] = grids[slides[row] as number] as [string, string];
          return encodeId("Patch", study, slide, grid, x, y);
        });
        expect(made).toEqual(wanted);
      },
    ),
  );
});
