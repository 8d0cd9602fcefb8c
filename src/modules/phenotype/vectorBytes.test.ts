import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, doublesBytesOf, doublesOf, floatsOf } from "./vectorBytes.ts";

/** As a driver may give them: in the middle of a larger buffer, at an odd place. */
const elsewhere = (bytes: Uint8Array): Uint8Array => {
  const larger = new Uint8Array(bytes.length + 7);
  larger.set(bytes, 3);
  return larger.subarray(3, 3 + bytes.length);
};

test("numbers come back bit for bit, wherever their bytes lie", () => {
  fc.assert(
    fc.property(fc.float32Array(), fc.float64Array(), (floats, doubles) => {
      expect(floatsOf(elsewhere(bytesOf(floats)))).toEqual(floats);
      expect(doublesOf(elsewhere(doublesBytesOf(doubles)))).toEqual(doubles);
    }),
  );
});

test("the bytes are little-endian", () => {
  expect([...bytesOf(Float32Array.of(1))]).toEqual([0, 0, 0x80, 0x3f]);
});
