import { HistoError } from "../../platform/errors.ts";
import type { Floats } from "../roundToHalves.ts";

/**
 * NumPy's .npy arrays. Format: numpy.lib.format, versions 1.0 to 3.0: magic, version, length of the header, header as a Python
 * dictionary with descr, fortran_order and shape, then the numbers.
 */

export type NpyArray = {
  shape: readonly number[];
  /** In C order; texts as JavaScript has them. */
  values: Floats | ArrayLike<number | bigint> | readonly string[];
};

const MAGIC = "\x93NUMPY";

const refuse = (name: string, what: string, fix: string): never => {
  throw new HistoError("FORMAT_UNSUPPORTED", `"${name}" ${what}.`, { fix });
};
const damaged = (name: string): never => {
  throw new HistoError("SLIDE_CORRUPT", `"${name}" is truncated or damaged.`, {
    fix: "Copy or compute the file again.",
  });
};

type Header = { descr: string; isFortran: boolean; shape: number[]; offset: number };

const readHeader = (name: string, bytes: Buffer): Header => {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 6) !== MAGIC) {
    return refuse(name, "is no NumPy array", "Write it with numpy.savez.");
  }
  const isShort = bytes[6] === 1;
  const start = isShort ? 10 : 12;
  const length = isShort ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (start + length > bytes.length) return damaged(name);
  const text = bytes.toString("utf8", start, start + length);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined) return refuse(name, "has a structured type", "Write plain numbers.");
  if (order === undefined || shape === undefined) return damaged(name);
  const lengths = shape.split(",").filter((part) => part.trim() !== "");
  if (!lengths.every((each) => /^\s*\d+L?\s*$/.test(each))) return damaged(name);
  const numbers = lengths.map((each) => Number.parseInt(each, 10));
  return { descr, isFortran: order === "True", shape: numbers, offset: start + length };
};

/** The bytes of numbers in this machine's order, aligned. */
const nativeBytes = (bytes: Buffer, size: number, order: string | undefined): ArrayBuffer => {
  const own = Buffer.from(new Uint8Array(bytes).buffer);
  if (order === ">" && size === 2) own.swap16();
  if (order === ">" && size === 4) own.swap32();
  if (order === ">" && size === 8) own.swap64();
  return own.buffer as ArrayBuffer;
};

const numbersOf = (kind: string, size: number, buffer: ArrayBuffer): Floats | ArrayLike<number | bigint> | null => {
  switch (`${kind}${size}`) {
    case "f2":
      return new Float16Array(buffer);
    case "f4":
      return new Float32Array(buffer);
    case "f8":
      return new Float64Array(buffer);
    case "i1":
      return new Int8Array(buffer);
    case "i2":
      return new Int16Array(buffer);
    case "i4":
      return new Int32Array(buffer);
    case "i8":
      return new BigInt64Array(buffer);
    case "b1":
    case "u1":
      return new Uint8Array(buffer);
    case "u2":
      return new Uint16Array(buffer);
    case "u4":
      return new Uint32Array(buffer);
    case "u8":
      return new BigUint64Array(buffer);
    default:
      return null;
  }
};

/** Longer texts are nobody's name. */
const MOST_LETTERS = 1000;
/** Each becomes an object of JavaScript, of which a few bytes that unpack to a gigabyte could ask for more than it can hold. */
const MOST_TEXTS = 2 ** 22;

const GREATEST_CODE_POINT = 0x10ffff;

const textsOf = (name: string, kind: string, length: number, buffer: ArrayBuffer, count: number): string[] => {
  const bytes = kind === "U" ? 4 : 1;
  return Array.from({ length: count }, (_, index) => {
    const from = index * length * bytes;
    const codes = kind === "U" ? new Uint32Array(buffer, from, length) : new Uint8Array(buffer, from, length);
    const isLetter = codes.every((code) => code <= GREATEST_CODE_POINT);
    return isLetter ? String.fromCodePoint(...codes).replace(/\0+$/, "") : damaged(name);
  });
};

const inCOrder = <Values extends Floats>(values: Values, [rows = 0, columns = 0]: readonly number[]): Values => {
  const copy = values.slice() as Values;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      copy[row * columns + column] = values[column * rows + row] as number;
    }
  }
  return copy;
};

export const isFloats = (values: NpyArray["values"]): values is Floats =>
  values instanceof Float16Array || values instanceof Float32Array || values instanceof Float64Array;

/**
 * Parses one array.
 * @param name of the array, for errors
 * @throws HistoError FORMAT_UNSUPPORTED for objects (which only Python can read) and the like, SLIDE_CORRUPT when it is cut off
 */
export const readNpy = (name: string, bytes: Buffer): NpyArray => {
  const { descr, isFortran, shape, offset } = readHeader(name, bytes);
  const [, order, kind = "", digits = ""] = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  const isText = kind === "U" || kind === "S";
  const length = Number(digits);
  const size = kind === "U" ? 4 : isText ? 1 : length;
  const count = shape.reduce((product, each) => product * each, 1);
  const needed = count * (isText ? length : 1) * size;
  if (kind === "O") return refuse(name, "holds Python objects", "Write numbers or texts: objects run code when read.");
  // A text of no letters takes no bytes, so that a few bytes could ask for any number of them.
  if (isText && (length < 1 || length > MOST_LETTERS)) {
    return refuse(name, `holds texts of ${length} letters`, `Write texts of 1 to ${MOST_LETTERS} letters.`);
  }
  if (isText && count > MOST_TEXTS) {
    throw new HistoError("LIMIT_EXCEEDED", `"${name}" holds ${count} texts.`, {
      fix: `Write at most ${MOST_TEXTS}: of a patient's name one is enough.`,
    });
  }
  if (!Number.isSafeInteger(needed)) return damaged(name);
  if (bytes.length - offset < needed) return damaged(name);
  const buffer = nativeBytes(bytes.subarray(offset, offset + needed), size, order);
  const values = isText ? textsOf(name, kind, length, buffer, count) : numbersOf(kind, size, buffer);
  if (values === null) return refuse(name, `has the type ${descr}`, "Write float32 numbers.");
  if (!isFortran || shape.length < 2) return { shape, values };
  if (isFloats(values) && shape.length === 2) return { shape, values: inCOrder(values, shape) };
  return refuse(name, "is in Fortran order", "Write it with numpy.ascontiguousarray.");
};
