import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Locks between processes of one machine. A lock is a file that its holder touches; one that nobody has touched for a while
 * belonged to a process that was killed.
 */

const TOUCH_EVERY_MS = 5_000;
const STALE_AFTER_MS = 30_000;

/** Whether a file was touched lately: its holder lives. */
export const isFresh = async (file: string): Promise<boolean> => {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < STALE_AFTER_MS;
};

/** Touches a file from now on, so that it stays fresh; the returned function ends that. */
export const keepFresh = (file: string): (() => void) => {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, TOUCH_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
};

/** Removes a lock whose holder is gone; of several that try only one finds it, and who found a new one puts it back. */
const removeStale = async (file: string, token: string): Promise<void> => {
  const aside = `${file}.${token}`;
  await rename(file, aside).catch(() => {});
  if (await isFresh(aside)) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
};

const take = async (file: string, signal: AbortSignal | undefined): Promise<string> => {
  const token = randomUUID();
  for (let waitMs = 2; ; waitMs = Math.min(200, waitMs * 2)) {
    signal?.throwIfAborted();
    try {
      await writeFile(file, token, { flag: "wx", mode: 0o600 });
      return token;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await isFresh(file)) await delay(waitMs, undefined, { signal });
    else await removeStale(file, token);
  }
};

/** Runs `work` while no other process, and nobody else in this one, holds the same lock. */
export const withFileLock = async <Result>(
  file: string,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> => {
  const token = await take(file, signal);
  const stop = keepFresh(file);
  try {
    return await work();
  } finally {
    stop();
    // A process that was asleep for long may have lost it.
    if ((await readFile(file, "utf8").catch(() => "")) === token) await rm(file, { force: true });
  }
};
