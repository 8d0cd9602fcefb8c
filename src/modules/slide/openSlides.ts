import { HistoError } from "../../platform/errors.ts";
import { type OpenedSlide, openSlide } from "../../slides/index.ts";
import type { ImageFile, SlideFiles } from "./slideFiles.ts";

/** Opened slides, shared by pictures and jobs: opening parses a whole directory of tiles, reading one does not. */
export type OpenSlides = {
  /**
   * Runs `use` with the slide of a file, opened once however many ask.
   * @throws HistoError as `SlideFiles.hold`, and FILE_NOT_FOUND when a host's file takes too long to come
   */
  use<Result>(file: ImageFile, use: (slide: OpenedSlide) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

type Entry = { opened: Promise<OpenedSlide>; users: number };

/** Somebody looks at the screen. Jobs hold their file before they open it, and wait as long as it takes. */
const PATIENCE_MS = 60_000;

const notHereYet = (): HistoError =>
  new HistoError(
    "FILE_NOT_FOUND",
    "The slide's file is not here yet: it is large, or the cache is full of files in use.",
    {
      fix: "Ask again in a few minutes. What has come so far is kept.",
    },
  );

/** @param keep how many unused slides stay open @param patienceMs how long a file may take to come from its host */
export const createOpenSlides = (files: SlideFiles, keep = 4, patienceMs = PATIENCE_MS): OpenSlides => {
  const entries = new Map<string, Entry>();

  const drop = async (key: string, entry: Entry) => {
    entries.delete(key);
    const slide = await entry.opened.catch(() => undefined);
    await slide?.close();
  };

  const trim = async () => {
    const idle = [...entries].filter(([, entry]) => entry.users === 0);
    for (const [key, entry] of idle.slice(0, Math.max(0, idle.length - keep))) await drop(key, entry);
  };

  return {
    async use(file, use) {
      const key = `${file.checksum} ${file.path}`;
      // A slide that stays open unused may lose its file to others; what is fetched again is the same, byte for byte.
      const signal = AbortSignal.timeout(patienceMs);
      const held = await files.hold(file, { signal }).catch((error: unknown) => {
        throw signal.aborted ? notHereYet() : error;
      });
      const entry = entries.get(key) ?? { opened: openSlide(held.path), users: 0 };
      // Reinserting makes the map's order the order of last use.
      entries.delete(key);
      entries.set(key, entry);
      entry.users++;
      try {
        return await use(await entry.opened);
      } catch (error) {
        // A reader that failed may stay unusable (OpenSlide's do): the next one starts afresh.
        if (entries.get(key) === entry) entries.delete(key);
        throw error;
      } finally {
        entry.users--;
        if (entries.get(key) === entry) await trim();
        else if (entry.users === 0) await drop(`${key} (gone)`, entry);
        await held.release();
      }
    },
    async close() {
      for (const [key, entry] of [...entries]) await drop(key, entry);
    },
  };
};
