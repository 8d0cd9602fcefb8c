import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localContext } from "../src/commands/ingest.ts";
import { embedSlides } from "../src/modules/featureSet/featureSet.service.ts";
import { tileSlides } from "../src/modules/patch/tile.service.ts";
import { registerSlides } from "../src/modules/slide/register.service.ts";
import { createStudy } from "../src/modules/study/study.service.ts";
import { readConfig } from "../src/platform/config.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { writeTissue } from "../test/support/files.ts";
import { ownDatabase } from "../test/support/world.ts";

/** A server without a worker on a database of its own, and slides of tissue from one edge to the other. */

/** Fixed, so that no time goes into finding a better one. */
export const BATCH = 32;

export type Place = { app: RunningApp; folder: string; databaseUrl: string; close(): Promise<void> };

export const openPlace = async (url: string): Promise<Place> => {
  const own = await ownDatabase(url);
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-jobs-"));
  const app = await createApp(
    readConfig(
      { HISTOQL_DATA: join(folder, "data"), HISTOQL_LOG: "error", HISTOQL_PROVIDERS: "cpu", DATABASE_URL: own.url },
      { roots: [folder], batchSize: BATCH },
    ),
    { work: false },
  );
  return {
    app,
    folder,
    databaseUrl: own.url,
    async close() {
      await app.close();
      await own.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const STUDY = "bench";
const GRID = { patchSize: 224, micronsPerPixel: 0.5, overlap: 0, minTissue: 0, tissue: "NONE" as const };

/** 20 × 20 patches of 224 pixels. */
export const PATCHES_A_SLIDE = 400;
const EDGE_PIXELS = 20 * GRID.patchSize;

export const addStudy = (app: RunningApp) => createStudy(localContext(app), { key: STUDY, name: "Benchmark" });

export const addSlides = async ({ app, folder }: Place, count: number): Promise<void> => {
  await addStudy(app);
  await mkdir(join(folder, "slides"));
  for (let index = 0; index < count; index++) {
    await writeTissue(join(folder, `slides/s${index}.tif`), { edgePixels: EDGE_PIXELS, seed: index });
  }
  const { errors } = await registerSlides(localContext(app), {
    studyKey: STUDY,
    paths: [join(folder, "slides")],
    stain: "HE",
  });
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
};

export const askForTiles = (app: RunningApp) =>
  tileSlides(localContext(app), { slides: { studyKey: STUDY }, grid: GRID });

/** Of all slides, or of those with the given keys. */
export const askForVectors = async (
  app: RunningApp,
  featureSetKey: string,
  keys?: readonly string[],
): Promise<string> => {
  const { job } = await embedSlides(localContext(app), {
    slides: { studyKey: STUDY, ...(keys && { keys: [...keys] }) },
    encoderKey: "efficientnet-lite0",
    featureSetKey,
    grid: GRID,
    preprocessing: { stainNormalization: "NONE", qualityControl: false },
  });
  if (!job) throw new Error("There is nothing to embed.");
  return job.id;
};

/** Waits until a job has ended. @throws unless it succeeded */
export const untilDone = async ({ prisma }: RunningApp, id: string): Promise<void> => {
  for (;;) {
    const { state } = await prisma.job.findUniqueOrThrow({ where: { id } });
    if (state === "SUCCEEDED") return;
    if (state !== "QUEUED" && state !== "RUNNING") throw new Error(`The job ended as ${state}.`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
};
