import { randomUUID } from "node:crypto";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Locks between processes of one machine. A lock is a file that its holder touches; one that nobody has touched for a while
 * belonged to a process that was killed.
 */

const TOUCH_EVERY_MS = 5_000;
const STALE_AFTER_MS = 30_000;

/** Milliseconds since a file was touched; undefined where there is none. */
const ageOf = async (file: string): Promise<number | undefined> => {
  const found = await stat(file).catch(() => undefined);
  return found && Date.now() - found.mtimeMs;
};

/** Whether a file was touched lately: its holder lives. */
export const isFresh = async (file: string): Promise<boolean> => {
  const age = await ageOf(file);
  return age !== undefined && age < STALE_AFTER_MS;
};

/** Whether a file is there and its holder is gone. One that is not there may be somebody's in the next moment. */
const isStale = async (file: string): Promise<boolean> => {
  const age = await ageOf(file);
  return age !== undefined && age >= STALE_AFTER_MS;
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

/** Creates a file with this content; false where it is there already. */
const create = async (file: string, content: string): Promise<boolean> => {
  try {
    await writeFile(file, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
};

/**
 * Removes a lock whose holder is gone. One at a time, who looks again first: else a second one, who found it stale too, would
 * remove the lock that somebody has taken since.
 */
const removeStale = async (file: string): Promise<void> => {
  const guard = `${file}.stale`;
  if (!(await create(guard, ""))) {
    if (await isStale(guard)) await rm(guard, { force: true });
    return;
  }
  try {
    if (await isStale(file)) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
};

const take = async (file: string, signal: AbortSignal | undefined): Promise<string> => {
  const token = randomUUID();
  for (let waitMs = 2; ; waitMs = Math.min(200, waitMs * 2)) {
    signal?.throwIfAborted();
    if (await create(file, token)) return token;
    if (await isStale(file)) await removeStale(file);
    else await delay(waitMs, undefined, { signal });
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
