import { type OpenedSlide, openSlide } from "../../slides/index.ts";
import type { ImageFile, SlideFiles } from "./slideFiles.ts";

/** Opened slides, shared by pictures and jobs: opening parses a whole directory of tiles, reading one does not. */
export type OpenSlides = {
  /** Runs `use` with the slide of a file, opened once however many ask. */
  use<Result>(file: ImageFile, use: (slide: OpenedSlide) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

type Entry = { opened: Promise<OpenedSlide>; users: number };

/** @param keep how many unused slides stay open */
export const createOpenSlides = (files: SlideFiles, keep = 4): OpenSlides => {
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
      const held = await files.hold(file);
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
