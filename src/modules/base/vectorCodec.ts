import { HistoError } from "../../platform/errors.ts";

const BYTES_PER_NUMBER = 4;
const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The little-endian bytes of `vector`, 4 for each number, in base64. */
export const encodeVector = (vector: Float32Array): string => {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return (hostIsLittleEndian ? bytes : Buffer.from(bytes).swap32()).toString("base64");
};

/**
 * A vector that a caller sent: base64 of little-endian float32, or a list of numbers.
 * @throws {HistoError} BAD_ARGUMENT when it is neither or empty, NOT_FINITE when a number is NaN or beyond float32.
 */
export const decodeVector = (value: unknown): Float32Array => {
  const vector = typeof value === "string" ? decodeBase64(value) : decodeList(value);
  if (vector.length === 0) throw new HistoError("BAD_ARGUMENT", "The vector is empty.");
  const index = vector.findIndex((number) => !Number.isFinite(number));
  if (index !== -1) {
    throw new HistoError("NOT_FINITE", `Number ${index} of the vector is NaN or infinite as a float32.`, {
      fix: "Look for a division by zero where the vector was computed; every number must be finite.",
    });
  }
  return vector;
};

const decodeBase64 = (text: string): Float32Array => {
  const bytes = Buffer.from(text, "base64");
  // Buffer skips what is no base64, so a mistyped vector would turn into another one.
  if (withoutPadding(bytes.toString("base64")) !== withoutPadding(text)) {
    throw new HistoError("BAD_ARGUMENT", "The vector is not base64.", { fix: VECTOR_FORMS });
  }
  if (bytes.length % BYTES_PER_NUMBER !== 0) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `The vector's ${bytes.length} bytes are no whole number of float32, which take 4 bytes each.`,
      { fix: VECTOR_FORMS },
    );
  }
  if (!hostIsLittleEndian) bytes.swap32();
  return new Float32Array(new Uint8Array(bytes).buffer);
};

const decodeList = (value: unknown): Float32Array => {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "number")) {
    throw new HistoError("BAD_ARGUMENT", "A vector is base64 text or a list of numbers.", { fix: VECTOR_FORMS });
  }
  return Float32Array.from(value);
};

const withoutPadding = (text: string): string => text.replace(/=+$/, "");

const VECTOR_FORMS =
  'Send a list of numbers, or base64 of little-endian float32: base64.b64encode(numpy.asarray(v, "<f4").tobytes()).';
