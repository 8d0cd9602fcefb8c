import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../platform/config.ts";
import { digestOf } from "../platform/digest.ts";
import { HistoError } from "../platform/errors.ts";
import { bucketBlobs } from "../remote/index.ts";

/** Files known by the SHA-256 of their content: encoders, heads, masks, attention. */
export type ArtefactStore = {
  put(bytes: Uint8Array): Promise<string>;
  /** @throws HistoError NOT_FOUND, or CONFLICT when the content no longer matches its digest */
  get(digest: string): Promise<Buffer>;
  has(digest: string): Promise<boolean>;
  /** Takes one away here and where it is shared, if it is there: only what nothing else can have put has nobody to miss it. */
  remove(digest: string): Promise<void>;
};

/** Bytes by name, as a folder or a bucket keeps them; nothing is checked. */
type Blobs = {
  read(name: string): Promise<Buffer | undefined>;
  /** A reader never sees half of what is being written. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  has(name: string): Promise<boolean>;
  remove(name: string): Promise<void>;
};

const DIGEST = /^[0-9a-f]{64}$/;

const nameOf = (digest: string): string => {
  if (!DIGEST.test(digest)) throw new HistoError("NOT_FOUND", "This is not the digest of an artefact.");
  return `${digest.slice(0, 2)}/${digest}`;
};

const folderBlobs = (folder: string): Blobs => ({
  read: (name) =>
    readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    }),
  async write(name, bytes) {
    const file = join(folder, name);
    await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
    // Renaming is atomic, and a crash leaves nothing behind that has the name.
    const temporary = `${file}.${randomUUID()}`;
    await writeFile(temporary, bytes, { mode: 0o600 });
    await rename(temporary, file);
  },
  has: (name) =>
    stat(join(folder, name)).then(
      () => true,
      () => false,
    ),
  remove: (name) => rm(join(folder, name), { force: true }),
});

const missing = (digest: string): HistoError =>
  new HistoError("NOT_FOUND", `Artefact ${digest.slice(0, 12)} is not in the artefact store.`, {
    fix: "Give all machines the same HISTOQL_ARTEFACTS, or run again the job that made it.",
  });

const damaged = (digest: string): HistoError =>
  new HistoError("CONFLICT", `Artefact ${digest.slice(0, 12)} is damaged: its content has another digest.`, {
    fix: "Restore it from a backup, or delete it and run again the job that made it.",
  });

/** Artefacts in the data folder, and where other machines put and find them too, of which the data folder then is a cache. */
const createArtefactStore = (own: Blobs, shared: Blobs | undefined): ArtefactStore => {
  const fetchShared = async (digest: string): Promise<Buffer | undefined> => {
    const bytes = await shared?.read(nameOf(digest));
    if (!bytes) return undefined;
    if (digestOf(bytes) !== digest) throw damaged(digest);
    await own.write(nameOf(digest), bytes);
    return bytes;
  };
  return {
    has: async (digest) => (await own.has(nameOf(digest))) || (await shared?.has(nameOf(digest))) === true,
    async put(bytes) {
      const digest = digestOf(bytes);
      const name = nameOf(digest);
      // Shared first: what a row of the database names must be there for everybody.
      for (const blobs of shared ? [shared, own] : [own]) if (!(await blobs.has(name))) await blobs.write(name, bytes);
      return digest;
    },
    async get(digest) {
      const bytes = await own.read(nameOf(digest));
      if (bytes && digestOf(bytes) === digest) return bytes;
      const fetched = await fetchShared(digest);
      if (fetched) return fetched;
      throw bytes ? damaged(digest) : missing(digest);
    },
    async remove(digest) {
      for (const blobs of shared ? [shared, own] : [own]) await blobs.remove(nameOf(digest));
    },
  };
};

/** The artefact store of a configuration. */
export const openArtefacts = ({ dataFolder, sharedArtefacts, hosts }: Config): ArtefactStore => {
  const own = folderBlobs(join(dataFolder, "artefacts"));
  switch (sharedArtefacts?.kind) {
    case undefined:
      return createArtefactStore(own, undefined);
    case "folder":
      return createArtefactStore(own, folderBlobs(sharedArtefacts.folder));
    case "s3":
      return createArtefactStore(own, bucketBlobs(hosts.s3, sharedArtefacts));
  }
};
