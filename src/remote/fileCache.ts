import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { digestOf, fileDigest } from "../platform/digest.ts";
import type { RemoteAddress } from "../platform/hosts.ts";
import { download, type FetchOptions, removePart } from "./download.ts";
import { isFresh, keepFresh, withFileLock } from "./fileLock.ts";
import * as refusals from "./refusals.ts";
import type { Remote, RemoteFile } from "./remote.ts";

/**
 * Files of hosts on this machine's disk, each named by the SHA-256 of its content. The processes of one machine may share a
 * cache. What is held stays; of the rest what was used longest ago goes first when there is no room.
 *
 *     files/<checksum><ending>           whole and verified
 *     parts/<digest of the address>      what is under way; .tag says of which content, .bytes how large it will be
 *     known/<digest of the address>      which content an address had, as JSON
 *     pins/<checksum><ending>~<holder>   somebody holds the file
 *     locks/                             one a download, and `room` for looking and evicting
 */
export type FileCache = {
  /** Fetches a file whose content is not known yet. */
  fetch(address: RemoteAddress, seen: RemoteFile, options?: FetchOptions): Promise<HeldFile & { checksum: string }>;
  /**
   * A file of known content, fetched where it is not there.
   * @throws HistoError CONFLICT for other content, SLIDE_CORRUPT for other content under the same tag, LIMIT_EXCEEDED
   *   for want of room in the cache or on its disk
   */
  hold(address: RemoteAddress, known: KnownFile, options?: FetchOptions & { verify?: boolean }): Promise<HeldFile>;
};
export type KnownFile = RemoteFile & { checksum: string };
/** Until it is released, the file is not evicted. */
export type HeldFile = { path: string; release(): Promise<void> };

/** Readers go by a file's content, but for a few formats; an ending of another form is left out. */
const endingOf = ({ path }: RemoteAddress): string => /\.[a-z0-9]{1,10}$/.exec(extname(path).toLowerCase())?.[0] ?? "";

const nameOf = (address: RemoteAddress, checksum: string): string => `${checksum}${endingOf(address)}`;

const ROOMS = ["files", "parts", "known", "pins", "locks"] as const;
type Room = (typeof ROOMS)[number];

const ROOM_CHECK_MS = 500;

type Entry = { name: string; bytes: number; usedMs: number };

const entriesOf = async (folder: string): Promise<Entry[]> => {
  const names = await readdir(folder);
  const found = await Promise.all(
    names.map(async (name) => {
      const file = await stat(join(folder, name)).catch(() => undefined);
      return file && { name, bytes: file.size, usedMs: file.mtimeMs };
    }),
  );
  return found.filter((entry) => entry !== undefined);
};

/** After a power failure a file may have its name and lack its end. */
const isWhole = async (path: string, bytes: number): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.size === bytes;

/** An error of the file system names folders. */
const tellOfDisk = (error: unknown): never => {
  const { syscall, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error();
  throw syscall !== undefined && code !== undefined ? refusals.unwritable(code) : error;
};

/** Left to whatever else writes to the disk, such as a database: this, or a fiftieth of a small disk. */
const SPARED_BYTES = 2 ** 30;

/** What the disk still takes; Infinity where it does not tell. */
const freeBytes = async (folder: string): Promise<number> => {
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk || disk.blocks === 0) return Number.POSITIVE_INFINITY;
  return disk.bsize * disk.bavail - Math.min(SPARED_BYTES, (disk.bsize * disk.blocks) / 50);
};

/**
 * @param maxBytes what all files together may come to, those under way included
 * @param free what the disk of a folder still takes
 */
export const createFileCache = (folder: string, maxBytes: number, remote: Remote, free = freeBytes): FileCache => {
  const at = (room: Room, name: string) => join(folder, room, name);
  const locked = async <Result>(name: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> => {
    // Each time: somebody may have emptied the folder to gain room.
    await Promise.all(ROOMS.map((room) => mkdir(join(folder, room), { recursive: true, mode: 0o700 })));
    return withFileLock(at("locks", name), work, signal);
  };

  /** Holds the file if it is there. Under the same lock as evicting, so that what was seen is what stays. */
  const pin = (name: string, signal?: AbortSignal): Promise<HeldFile | undefined> =>
    locked(
      "room",
      async () => {
        const path = at("files", name);
        const now = new Date();
        const isThere = await utimes(path, now, now).then(
          () => true,
          () => false,
        );
        if (!isThere) return undefined;
        const file = at("pins", `${name}~${randomUUID()}`);
        await writeFile(file, "", { mode: 0o600 });
        const stop = keepFresh(file);
        return {
          path,
          async release() {
            stop();
            await rm(file, { force: true });
          },
        };
      },
      signal,
    );

  const pinned = async (): Promise<Set<string>> => {
    const held = new Set<string>();
    for (const { name } of await entriesOf(join(folder, "pins"))) {
      if (await isFresh(at("pins", name))) held.add(name.slice(0, name.indexOf("~")));
      else await rm(at("pins", name), { force: true });
    }
    return held;
  };

  /**
   * Bytes that downloads under way will come to, and those of them and of the own one that are there. Parts that nobody goes on
   * with are of use only while there is room.
   */
  const reserved = async (own: string) => {
    const parts = await entriesOf(join(folder, "parts"));
    const comeOf = (key: string) => parts.find(({ name }) => name === key)?.bytes ?? 0;
    let bytes = 0;
    let come = comeOf(own);
    const idle: Entry[] = [];
    for (const part of parts.filter(({ name }) => !name.includes("."))) {
      if (part.name !== own && !(await isFresh(at("locks", part.name)))) idle.push(part);
    }
    for (const { name } of parts.filter(({ name }) => name.endsWith(".bytes"))) {
      const [key = "", size = "0"] = name.split(".");
      if (key === own) continue;
      if (await isFresh(at("locks", key))) {
        bytes += Number(size);
        come += comeOf(key);
      } else await rm(at("parts", name), { force: true });
    }
    return { bytes, come, idle };
  };

  /**
   * Evicts what must go, and nothing where that would not do.
   * @returns whether there is room now
   * @throws HistoError LIMIT_EXCEEDED where the disk is full and nobody is left who could release anything
   */
  const makeRoom = async (key: string, bytes: number): Promise<boolean> => {
    const [files, held, underWay] = [await entriesOf(join(folder, "files")), await pinned(), await reserved(key)];
    const oldest = (a: Entry, b: Entry) => a.usedMs - b.usedMs;
    const evictable = [
      ...underWay.idle.sort(oldest).map((part) => ({ ...part, remove: () => removePart(at("parts", part.name)) })),
      ...files
        .filter(({ name }) => !held.has(name))
        .sort(oldest)
        .map((file) => ({ ...file, remove: () => rm(at("files", file.name), { force: true }) })),
    ];
    const sum = (entries: readonly Entry[]) => entries.reduce((total, entry) => total + entry.bytes, 0);
    const used = underWay.bytes + sum(files) + sum(underWay.idle);
    const toCome = underWay.bytes + bytes - underWay.come;
    const beyondDisk = toCome - (await free(folder));
    let lacking = Math.max(used + bytes - maxBytes, beyondDisk);
    if (lacking > sum(evictable)) {
      if (beyondDisk > sum(evictable) && held.size === 0 && underWay.bytes === 0) throw refusals.unwritable("ENOSPC");
      return false;
    }
    for (const entry of evictable) {
      if (lacking <= 0) break;
      await entry.remove();
      lacking -= entry.bytes;
    }
    return true;
  };

  /** Waits until others have released enough. A download waits before it holds anything, so somebody always goes on. */
  const reserve = async (key: string, bytes: number, signal?: AbortSignal): Promise<() => Promise<void>> => {
    if (bytes > maxBytes) throw refusals.tooLarge(bytes, maxBytes);
    const mark = at("parts", `${key}.${bytes}.bytes`);
    const take = async () => {
      const hasRoom = await makeRoom(key, bytes);
      if (hasRoom) await writeFile(mark, "", { mode: 0o600 });
      return hasRoom;
    };
    while (!(await locked("room", take, signal))) await delay(ROOM_CHECK_MS, undefined, { signal });
    return () => rm(mark, { force: true });
  };

  /** The content that the address had when the host said the same of it. */
  const readKnown = async (key: string, seen: RemoteFile): Promise<string | undefined> => {
    const text = readFile(at("known", key), "utf8");
    // None, or one that a crash cut off, tells nothing.
    const { tag, bytes, checksum } = await text
      .then<Partial<KnownFile>>(JSON.parse)
      .catch(() => ({}) as Partial<KnownFile>);
    return tag !== undefined && tag === seen.tag && bytes === seen.bytes ? checksum : undefined;
  };

  /** Downloads and verifies; the file has its name only when it is whole. */
  const bring = async (
    address: RemoteAddress,
    wanted: RemoteFile & { checksum: string | undefined },
    options: FetchOptions,
  ): Promise<string> => {
    const { signal } = options;
    const key = digestOf(address.url);
    const part = at("parts", key);
    const attempt = async (isLast: boolean): Promise<string> => {
      const unreserve = await reserve(key, wanted.bytes, signal);
      try {
        const { tag } = await download(remote, address, part, { ...options, expected: wanted });
        const checksum = await fileDigest(part);
        // Nothing else would tell that the file was written over while it came: half of either would be registered.
        const now = wanted.checksum === undefined && (await remote.look(address, signal));
        if (now && (now.tag !== tag || now.bytes !== wanted.bytes)) {
          await removePart(part);
          throw refusals.changing();
        }
        if (wanted.checksum === undefined || checksum === wanted.checksum) {
          await locked("room", () => rename(part, at("files", nameOf(address, checksum))), signal);
          await removePart(part);
          await writeFile(at("known", key), JSON.stringify({ tag, bytes: wanted.bytes, checksum }), { mode: 0o600 });
          return checksum;
        }
        await removePart(part);
        if (tag !== wanted.tag || tag === undefined) throw refusals.changed();
        if (isLast) throw refusals.damaged();
      } finally {
        await unreserve();
      }
      return attempt(true);
    };
    return locked(
      key,
      async () => {
        // Another process may have brought it while this one waited.
        const checksum = wanted.checksum ?? (await readKnown(key, wanted));
        const isThere = checksum !== undefined && (await isWhole(at("files", nameOf(address, checksum)), wanted.bytes));
        return isThere ? checksum : attempt(false);
      },
      signal,
    );
  };

  const pinBrought = async (
    address: RemoteAddress,
    wanted: RemoteFile & { checksum: string | undefined },
    options: FetchOptions,
  ): Promise<HeldFile & { checksum: string }> => {
    for (;;) {
      const checksum = await bring(address, wanted, options);
      const held = await pin(nameOf(address, checksum), options.signal);
      // In the moment between the two another download may have needed the room.
      if (held) return { ...held, checksum };
    }
  };

  const hold: FileCache["hold"] = async (address, known, { verify = false, ...options } = {}) => {
    const held = await pin(nameOf(address, known.checksum), options.signal);
    // What cannot be read is as good as rotten.
    const isGood = async (path: string) =>
      verify ? (await fileDigest(path).catch(() => undefined)) === known.checksum : isWhole(path, known.bytes);
    if (held && (await isGood(held.path))) return held;
    if (held) {
      await rm(held.path, { force: true });
      await held.release();
    }
    return pinBrought(address, known, options);
  };

  return {
    fetch: (address, seen, options = {}) =>
      pinBrought(address, { ...seen, checksum: undefined }, options).catch(tellOfDisk),
    hold: (...file) => hold(...file).catch(tellOfDisk),
  };
};
