import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { digestOf } from "../platform/digest.ts";

/** What a batch size holds for: another device, runtime or graph may want another one. */
export type BatchPlace = {
  hardware: string;
  /** What ran, as lineage names it. */
  ranOn: string;
  threads: number;
  operatorThreads: number;
  graphDigest: string;
  runtime: string;
};

export type RememberedBatch = {
  patchesPerRun: number;
  /** Of all threads together; null where memory refused more, and nothing was measured since. */
  patchesPerSecond: number | null;
};

/** Batch sizes that were found on this machine. */
export type BatchMemory = {
  recall(place: BatchPlace): Promise<RememberedBatch | null>;
  remember(place: BatchPlace, found: RememberedBatch): Promise<void>;
};

const Remembered = z.object({
  patchesPerRun: z.int().min(1),
  patchesPerSecond: z.number().positive().nullable(),
});

/** Who took the memory may be gone tomorrow. */
const REFUSAL_HOLDS_MS = 24 * 3_600_000;

/** Keeps each in a file of its own in `folder`, written at once or not at all; one that cannot be read is forgotten, one that memory forced after a day. */
export const createBatchMemory = (folder: string): BatchMemory => {
  const fileOf = (place: BatchPlace): string => join(folder, `${digestOf(place).slice(0, 32)}.json`);
  return {
    async recall(place) {
      try {
        const found = Remembered.parse(JSON.parse(await readFile(fileOf(place), "utf8")));
        const { mtimeMs } = await stat(fileOf(place));
        return found.patchesPerSecond === null && Date.now() - mtimeMs > REFUSAL_HOLDS_MS ? null : found;
      } catch {
        return null;
      }
    },
    async remember(place, found) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const temporary = join(folder, `${randomUUID()}.part`);
      await writeFile(temporary, `${JSON.stringify({ ...found, ...place })}\n`, { mode: 0o600 });
      await rename(temporary, fileOf(place));
    },
  };
};
