import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { fileNotFound } from "./refusals.ts";

/** SHA-256 of a file as lower-case hexadecimal, streamed. Throws FILE_NOT_FOUND. */
export const fileChecksum = async (path: string): Promise<string> => {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash);
  } catch (error) {
    throw fileNotFound(error);
  }
  return hash.digest("hex");
};
