import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../platform/config.ts";
import { digestOf } from "../platform/digest.ts";
import { HistoError } from "../platform/errors.ts";
import { bucketBlobs } from "../remote/index.ts";

/**
 * Files known by the SHA-256 of their content: encoders, heads, masks, attention. All methods throw HistoError FORBIDDEN or
 * LIMIT_EXCEEDED where a folder or its disk refuses, and what `bucketBlobs` throws.
 */
export type ArtefactStore = {
  /** Once this resolves, the artefact outlives a power failure; a copy of another size, which one cut off, is replaced. */
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
  /** In bytes; undefined where there is none of the name. */
  sizeOf(name: string): Promise<number | undefined>;
  remove(name: string): Promise<void>;
};

const DIGEST = /^[0-9a-f]{64}$/;

const nameOf = (digest: string): string => {
  if (!DIGEST.test(digest)) throw new HistoError("NOT_FOUND", "This is not the digest of an artefact.");
  return `${digest.slice(0, 2)}/${digest}`;
};

const FULL = new Set(["ENOSPC", "EDQUOT"]);
const CLOSED = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "ENOENT"]);

/** An error of the file system names folders. One that may pass (a network's) stays as it is: jobs try again. */
const tellOfFolder = (error: NodeJS.ErrnoException): never => {
  const { code = "" } = error;
  if (FULL.has(code)) {
    throw new HistoError("LIMIT_EXCEEDED", `There is no room for artefacts: ${code}.`, {
      fix: "Have the operator free space where HISTOQL_ARTEFACTS and the data folder lie; then retryJob.",
    });
  }
  if (CLOSED.has(code)) {
    throw new HistoError("FORBIDDEN", `The folder of the artefacts cannot be read or written: ${code}.`, {
      fix: "Have the operator mount HISTOQL_ARTEFACTS, and let the one user of all servers and workers own it, as it owns the data folder; then retryJob.",
    });
  }
  throw error;
};

/** What was renamed into a folder is there after a power failure once the folder is written, where that can be asked for. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
};

const writeWhole = async (file: string, bytes: Uint8Array): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Renaming is atomic, and a crash leaves nothing behind that has the name.
  const temporary = `${file}.${randomUUID()}`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      // A row of the database that names the artefact is on disk soon after: the artefact must be there before.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    // Where there is no room, half a file takes what is left.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(file));
};

const folderBlobs = (folder: string): Blobs => ({
  read: (name) =>
    readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? undefined : tellOfFolder(error),
    ),
  write: (name, bytes) => writeWhole(join(folder, name), bytes).catch(tellOfFolder),
  sizeOf: (name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => undefined,
    ),
  remove: (name) => rm(join(folder, name), { force: true }).catch(tellOfFolder),
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
    has: async (digest) => ((await own.sizeOf(nameOf(digest))) ?? (await shared?.sizeOf(nameOf(digest)))) !== undefined,
    async put(bytes) {
      const digest = digestOf(bytes);
      const name = nameOf(digest);
      // Shared first: what a row of the database names must be there for everybody.
      for (const blobs of shared ? [shared, own] : [own]) {
        if ((await blobs.sizeOf(name)) !== bytes.length) await blobs.write(name, bytes);
      }
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
