/**
 * Global ids of patches by the thousand, byte for byte those of `encodeId("Patch", study, slide, grid, x, y)`: all of a slide
 * begin alike, so that a row costs the base64 of its two numbers.
 */

const ALPHABET = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const COMMA = 0x2c;
const CLOSING = 0x5d;
const MINUS = 0x2d;
const ZERO = 0x30;
/** Two numbers of up to eleven letters, a comma, a bracket, and up to two bytes that the beginning left over. */
const TAIL_BYTES = 26;
const TAIL_LETTERS = Math.ceil(TAIL_BYTES / 3) * 4;

/** What the ids of a slide's patches begin with: whole groups of three bytes as base64, and the bytes left over. */
export type IdBeginning = { letters: Uint8Array; rest: Uint8Array };

export const idBeginning = (studyKey: string, slideKey: string, gridPart: string): IdBeginning => {
  const bytes = Buffer.from(`${JSON.stringify(["Patch", studyKey, slideKey, gridPart]).slice(0, -1)},`);
  const whole = bytes.length - (bytes.length % 3);
  return {
    letters: Buffer.from(bytes.subarray(0, whole).toString("base64url")),
    rest: bytes.subarray(whole),
  };
};

/** Writes an integer in decimal; returns the place behind it. */
const writeInteger = (value: number, bytes: Uint8Array, start: number): number => {
  let at = start;
  let left = value;
  if (left < 0) {
    bytes[at++] = MINUS;
    left = -left;
  }
  let digits = 1;
  for (let power = 10; power <= left; power *= 10) digits++;
  for (let place = at + digits - 1; place >= at; place--) {
    const next = Math.floor(left / 10);
    bytes[place] = ZERO + (left - next * 10);
    left = next;
  }
  return at + digits;
};

/** Base64url without padding; returns the place behind it. */
const writeBase64 = (bytes: Uint8Array, length: number, letters: Uint8Array, start: number): number => {
  let at = start;
  for (let index = 0; index < length; index += 3) {
    const left = length - index;
    const bits =
      ((bytes[index] as number) << 16) |
      (left > 1 ? (bytes[index + 1] as number) << 8 : 0) |
      (left > 2 ? (bytes[index + 2] as number) : 0);
    letters[at++] = ALPHABET[bits >> 18] as number;
    letters[at++] = ALPHABET[(bits >> 12) & 63] as number;
    if (left > 1) letters[at++] = ALPHABET[(bits >> 6) & 63] as number;
    if (left > 2) letters[at++] = ALPHABET[bits & 63] as number;
  }
  return at;
};

/**
 * The ids of rows, end to end.
 * @param slides of each row its place in `beginnings`
 * @returns row `i` lies from `offsets[i]` to `offsets[i + 1]`
 */
export const patchGlobalIds = (
  beginnings: readonly IdBeginning[],
  slides: Int32Array,
  x: Int32Array,
  y: Int32Array,
): { offsets: Int32Array; bytes: Uint8Array } => {
  const rows = slides.length;
  let most = 0;
  for (const slide of slides) most += (beginnings[slide] as IdBeginning).letters.length;
  const bytes = Buffer.allocUnsafeSlow(most + rows * TAIL_LETTERS);
  const offsets = new Int32Array(rows + 1);
  const tail = new Uint8Array(TAIL_BYTES);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const { letters, rest } = beginnings[slides[row] as number] as IdBeginning;
    bytes.set(letters, at);
    at += letters.length;
    tail.set(rest, 0);
    let length = writeInteger(x[row] as number, tail, rest.length);
    tail[length++] = COMMA;
    length = writeInteger(y[row] as number, tail, length);
    tail[length++] = CLOSING;
    at = writeBase64(tail, length, bytes, at);
    offsets[row + 1] = at;
  }
  return { offsets, bytes: bytes.subarray(0, at) };
};
