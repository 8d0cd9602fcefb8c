import { HistoError } from "../../../platform/errors.ts";

/** How many bytes tell the encoding where there is no byte order mark. */
const SAMPLE_BYTES = 4096;
/** Text in a Latin script as UTF-16 has a zero in every second byte. */
const ZERO_SHARE = 0.3;

const zeroShare = (bytes: Uint8Array, first: 0 | 1): number => {
  let zeros = 0;
  let seen = 0;
  for (let at = first; at < Math.min(bytes.length, SAMPLE_BYTES); at += 2) {
    seen++;
    if (bytes[at] === 0) zeros++;
  }
  return seen === 0 ? 0 : zeros / seen;
};

/** The encoding of a text file: by its byte order mark, by where its zero bytes lie, else UTF-8 unless it is not valid. */
const encodingOf = (bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const [even, odd] = [zeroShare(bytes, 0), zeroShare(bytes, 1)];
  if (odd > ZERO_SHARE && even < ZERO_SHARE / 3) return "utf-16le";
  if (even > ZERO_SHARE && odd < ZERO_SHARE / 3) return "utf-16be";
  return undefined;
};

/**
 * A text file's text: UTF-8, UTF-16 (either byte order, with or without mark), or else Windows-1252, in which German
 * spreadsheets save their CSV.
 * @throws HistoError FORMAT_UNSUPPORTED for what is not text
 */
export const decodeText = (bytes: Uint8Array): string => requireText(decode(bytes));

/** @throws HistoError FORMAT_UNSUPPORTED for a text with zero bytes, which no database takes */
export const requireText = (text: string): string => {
  if (!text.includes("\0")) return text;
  throw new HistoError("FORMAT_UNSUPPORTED", "The table is not a text: it has zero bytes.", {
    fix: "Save it as CSV in UTF-8, or as XLSX.",
  });
};

const decode = (bytes: Uint8Array): string => {
  const encoding = encodingOf(bytes);
  if (encoding) return new TextDecoder(encoding).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
};
