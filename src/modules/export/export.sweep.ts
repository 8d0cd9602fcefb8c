import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "../context.ts";
import { scratchFolder } from "./export.hdf5.ts";
import type { Shard } from "./export.jobs.ts";

/** Whoever has begun to fetch a file, and a job that is writing one, get to its end. */
const GRACE_MS = 10 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** A machine that was off for longer keeps its copies; every start looks for those of as long. */
const LOOK_BACK_MS = 7 * DAY_MS;

/** What a killed process left of archives. */
const sweepScratch = async (app: App): Promise<void> => {
  const folder = scratchFolder(app);
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
  }
};

/**
 * Takes away the files of exports that have expired, and what killed processes left behind. Their rows stay, as the record of who
 * took what. Every process does so for itself, since each machine may have copies.
 * @returns what is to be called now and then
 */
export const createExportSweep = (app: App): ((signal?: AbortSignal) => Promise<void>) => {
  const done = new Set<string>();
  return async (signal) => {
    const now = Date.now();
    const rows = await app.prisma.export.findMany({
      where: { format: "PARQUET", expiresAt: { gt: new Date(now - LOOK_BACK_MS), lt: new Date(now - GRACE_MS) } },
      select: { id: true, shards: true, manifestDigest: true },
    });
    for (const { id, shards, manifestDigest } of rows) {
      if (done.has(id)) continue;
      const digests = [...(shards as Shard[]).map(({ sha256 }) => sha256), manifestDigest];
      for (const digest of digests) {
        if (signal?.aborted) return;
        if (digest !== null) await app.artefacts.remove(digest);
      }
      done.add(id);
    }
    await sweepScratch(app);
  };
};
