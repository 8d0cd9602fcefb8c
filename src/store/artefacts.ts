import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../platform/digest.ts";
import { HistoError } from "../platform/errors.ts";

/** Files known by the SHA-256 of their content: encoders, masks, later heads, heatmaps and exports. */
export type ArtefactStore = {
  put(bytes: Uint8Array): Promise<string>;
  /** @throws HistoError NOT_FOUND, or CONFLICT when the content no longer matches its digest */
  get(digest: string): Promise<Buffer>;
  has(digest: string): Promise<boolean>;
};

const DIGEST = /^[0-9a-f]{64}$/;

export const createArtefactStore = (folder: string): ArtefactStore => {
  const fileOf = (digest: string) => {
    if (!DIGEST.test(digest)) throw new HistoError("NOT_FOUND", "This is not the digest of an artefact.");
    return join(folder, digest.slice(0, 2), digest);
  };
  const has = (digest: string) =>
    stat(fileOf(digest)).then(
      () => true,
      () => false,
    );
  return {
    has,
    async put(bytes) {
      const digest = digestOf(bytes);
      if (await has(digest)) return digest;
      const file = fileOf(digest);
      await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
      // Renaming is atomic: a reader never sees half an artefact, and a crash leaves none behind.
      const temporary = `${file}.${randomUUID()}`;
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, file);
      return digest;
    },
    async get(digest) {
      const bytes = await readFile(fileOf(digest)).catch((cause: unknown) => {
        throw new HistoError("NOT_FOUND", `Artefact ${digest.slice(0, 12)} is not in the artefact store.`, {
          fix: "Share one artefact folder among all workers, or run again the job that made it.",
          cause,
        });
      });
      if (digestOf(bytes) !== digest) {
        throw new HistoError(
          "CONFLICT",
          `Artefact ${digest.slice(0, 12)} is damaged: its content has another digest.`,
          {
            fix: "Restore the data folder from a backup, or delete the artefact and run again the job that made it.",
          },
        );
      }
      return bytes;
    },
  };
};
