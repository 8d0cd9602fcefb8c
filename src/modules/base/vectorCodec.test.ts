import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isHistoError } from "../../platform/errors.ts";
import { decodeVector, encodeVector } from "./vectorCodec.ts";

const finiteVector = fc.float32Array({ minLength: 1, maxLength: 300, noNaN: true, noDefaultInfinity: true });

const codeOf = (value: unknown): string => {
  try {
    decodeVector(value);
    return "accepted";
  } catch (error) {
    return isHistoError(error) ? error.code : "another error";
  }
};

describe("a vector on the wire", () => {
  test("comes back bit for bit from base64", () => {
    fc.assert(
      fc.property(finiteVector, (vector) => {
        expect(decodeVector(encodeVector(vector))).toEqual(vector);
      }),
    );
  });

  test("comes back bit for bit from a list of numbers", () => {
    fc.assert(
      fc.property(finiteVector, (vector) => {
        expect(decodeVector([...vector])).toEqual(vector);
      }),
    );
  });

  test("is little-endian float32, as numpy's <f4 reads it", () => {
    expect(encodeVector(Float32Array.of(1, -2))).toBe(Buffer.from("0000803f000000c0", "hex").toString("base64"));
  });

  test("is encoded from a view into a larger buffer alone", () => {
    const whole = Float32Array.of(7, 1, 2, 7);
    expect(decodeVector(encodeVector(whole.subarray(1, 3)))).toEqual(Float32Array.of(1, 2));
  });

  test("may lack the padding of base64", () => {
    expect(decodeVector("AACAPw")).toEqual(Float32Array.of(1));
  });

  test.each([
    ["NaN in base64", encodeVector(Float32Array.of(1, Number.NaN)), "NOT_FINITE"],
    ["infinity in base64", encodeVector(Float32Array.of(Number.POSITIVE_INFINITY)), "NOT_FINITE"],
    ["a number beyond float32", [1e39], "NOT_FINITE"],
    ["no numbers", [], "BAD_ARGUMENT"],
    ["an empty text", "", "BAD_ARGUMENT"],
    ["text that is no base64", "1.0, 2.0", "BAD_ARGUMENT"],
    ["half a number", Buffer.from([1, 2]).toString("base64"), "BAD_ARGUMENT"],
    ["a list with a null", [1, null], "BAD_ARGUMENT"],
    ["an object", { 0: 1 }, "BAD_ARGUMENT"],
  ])("is refused when it holds %s", (_what, value, code) => {
    expect(codeOf(value)).toBe(code);
  });
});
