import { open } from "node:fs/promises";
import { fileChecksum } from "../../slides/index.ts";

/** What a file contains: its SHA-256 and its size. */
export type FileContent = { checksum: string; bytes: bigint };

/** Contents of files, of which each is read once as long as it stays as it was. */
export type FileChecksums = {
  /**
   * The file's content now. It is read where this process has not read it, or where the file system tells of any change since.
   * @throws HistoError FILE_NOT_FOUND
   */
  of(path: string): Promise<FileContent>;
};

type Stamp = {
  /** Which file it is, its size, and when its content, name or attributes were changed last. */
  text: string;
  bytes: bigint;
  changedMs: number;
};

/** Through an opened file, which makes network file systems ask their server instead of answering from memory. */
const readStamp = async (path: string): Promise<Stamp | undefined> => {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
    const changedNs = ctimeNs > mtimeNs ? ctimeNs : mtimeNs;
    return {
      text: [dev, ino, size, mtimeNs, ctimeNs].join(" "),
      bytes: size,
      changedMs: Number(changedNs / 1_000_000n),
    };
  } finally {
    await file.close();
  }
};

/**
 * File systems round the time of a change, by 2 s at most (FAT): a file that was changed more recently may be changed again
 * without telling, and is not remembered.
 */
const SETTLED_MS = 5000;

/** Of so many files; what was read longest ago is forgotten first. */
const MOST = 100_000;

export const createFileChecksums = (
  read: (path: string) => Promise<string> = fileChecksum,
  settledMs = SETTLED_MS,
): FileChecksums => {
  const known = new Map<string, { stamp: string; checksum: string }>();

  const remember = (path: string, stamp: string, checksum: string): void => {
    known.delete(path);
    known.set(path, { stamp, checksum });
    for (const [oldest] of known) {
      if (known.size <= MOST) return;
      known.delete(oldest);
    }
  };

  return {
    async of(path) {
      const now = Date.now();
      const stamp = await readStamp(path);
      const before = known.get(path);
      if (stamp && before?.stamp === stamp.text) return { checksum: before.checksum, bytes: stamp.bytes };
      const checksum = await read(path);
      const after = await readStamp(path);
      const isSettled = stamp !== undefined && stamp.text === after?.text && now - stamp.changedMs > settledMs;
      if (isSettled) remember(path, stamp.text, checksum);
      return { checksum, bytes: after?.bytes ?? stamp?.bytes ?? 0n };
    },
  };
};
