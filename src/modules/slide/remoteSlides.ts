import { extname } from "node:path";
import { HistoError, isHistoError } from "../../platform/errors.ts";
import { isAllowed, parseRemote, type RemoteAddress } from "../../platform/hosts.ts";
import type { App } from "../context.ts";
import { hasSlideEnding, isHidden } from "./roots.ts";

/** Formats whose image lies in other files beside the one that is named. */
const MULTI_FILE_ENDINGS = new Set([".mrxs", ".vms", ".vmu", ".vsi", ".dcm"]);

const refuse = (index: number, code: "BAD_ARGUMENT" | "FORBIDDEN" | "FILE_NOT_FOUND", message: string, fix: string) =>
  new HistoError(code, `paths[${index}] ${message}`, { fix, path: ["paths", String(index)] });

/** @throws HistoError FORMAT_UNSUPPORTED */
export const requireOneFile = ({ path }: RemoteAddress): void => {
  const ending = extname(path).toLowerCase();
  if (!MULTI_FILE_ENDINGS.has(ending)) return;
  throw new HistoError(
    "FORMAT_UNSUPPORTED",
    `A slide of the format ${ending.slice(1).toUpperCase()} is several files.`,
    {
      fix: "Mount its folder on this server and name it by a root, or convert the slide to one TIFF.",
    },
  );
};

const parse = (text: string, index: number): RemoteAddress => {
  try {
    return parseRemote(text);
  } catch (error) {
    if (!isHistoError(error)) throw error;
    throw refuse(index, "BAD_ARGUMENT", "is no address that can be read.", error.fix ?? "");
  }
};

/**
 * The addresses that one of a mutation's `paths` stands for: a file, or every slide below an `s3://bucket/prefix/`.
 * @throws HistoError FORBIDDEN outside of the configured hosts, before anything is asked of any; FILE_NOT_FOUND for an empty
 *   listing; none repeats the address
 */
export const expandRemote = async (app: App, text: string, index: number): Promise<string[]> => {
  const address = parse(text, index);
  if (!isAllowed(address, app.config.hosts)) {
    throw refuse(
      index,
      "FORBIDDEN",
      "is not on a host that this server may read.",
      "Have the operator add the address, or what it begins with, to HISTOQL_HOSTS.",
    );
  }
  if (!address.url.endsWith("/")) return [address.url];
  if (address.kind === "web") {
    throw refuse(index, "BAD_ARGUMENT", "is a folder of a web server.", "Name each file by its own address.");
  }
  const found = (await app.slideFiles.list(address)).filter((url) => hasSlideEnding(url) && !isHidden(url));
  if (found.length > 0) return found.sort();
  throw refuse(
    index,
    "FILE_NOT_FOUND",
    "holds no slides.",
    "Check the prefix; it begins at the bucket's own beginning.",
  );
};
