import { fileDigest } from "../platform/digest.ts";
import { fileNotFound } from "./refusals.ts";

/** SHA-256 of a file as lower-case hexadecimal, streamed. Throws FILE_NOT_FOUND. */
export const fileChecksum = async (path: string): Promise<string> => {
  try {
    return await fileDigest(path);
  } catch (error) {
    throw fileNotFound(error);
  }
};
