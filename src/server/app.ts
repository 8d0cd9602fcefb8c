import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { BUNDLED_ENCODER_KEY, bundledEncoder } from "../inference/bundled-encoder.ts";
import type { App } from "../modules/context.ts";
import { storeEncoder } from "../modules/encoder/encoder.service.ts";
import { createEncoderSessions } from "../modules/encoder/encoder.sessions.ts";
import { runEmbedJob } from "../modules/featureSet/featureSet.jobs.ts";
import { orReduce } from "../modules/featureSet/reduce.jobs.ts";
import { runScoreJob } from "../modules/mil/mil.score.jobs.ts";
import { runTrainJob } from "../modules/mil/mil.train.jobs.ts";
import { runTileJob } from "../modules/patch/patch.jobs.ts";
import { indexingDone } from "../modules/patient/indexing.ts";
import { thenAssign } from "../modules/phenotype/codebook.follow.ts";
import { runCodebookJob } from "../modules/phenotype/codebook.jobs.ts";
import { runIndexJob, startIndexing, thenIndex } from "../modules/similarity/searchIndex.jobs.ts";
import { createOpenSlides } from "../modules/slide/openSlides.ts";
import { startSweeping } from "../modules/upload/upload.service.ts";
import { type Config, makeDataFolder } from "../platform/config.ts";
import { createLogger } from "../platform/logging.ts";
import { createSigner, readSecret } from "../platform/signing.ts";
import { startQueue } from "../queue/queue.ts";
import { createArtefactStore } from "../store/artefacts.ts";
import { openDatabase } from "../store/database.ts";
import { migrate } from "../store/migrations.ts";
import { createPrisma } from "../store/prisma.ts";

const packageVersion = (name: string): string => {
  const require = createRequire(import.meta.url);
  return (require(name) as { version: string }).version;
};

/** Slides that one process embeds at a time: while one is opened, masked or finished, the other feeds the encoder. */
const SLIDES_AT_ONCE = 2;

export type AppOptions = {
  /** Keeps the embedded database in memory (tests). */
  inMemory?: boolean;
  /** Takes jobs in this process; on by default. */
  work?: boolean;
  /** Sees every SQL statement. */
  onStatement?: (text: string) => void;
};

export type RunningApp = App & { close(): Promise<void> };

const storeBundledEncoder = async (app: App): Promise<void> => {
  const { card, model } = await bundledEncoder();
  await storeEncoder(app, {
    key: BUNDLED_ENCODER_KEY,
    name: card.name,
    card,
    model: await readFile(model.file),
    licence: card.licence,
    citation: card.citation,
  });
};

/**
 * The composition root: opens the database (migrating it where needed), wires the parts together and begins to work.
 * @throws HistoError when the database is in use, unreachable or of another version
 */
export const createApp = async (config: Config, options: AppOptions = {}): Promise<RunningApp> => {
  makeDataFolder(config.dataFolder);
  const log = createLogger(config.logLevel);
  const database = await openDatabase({
    url: config.databaseUrl,
    schema: config.schema,
    dataFolder: options.inMemory ? undefined : config.dataFolder,
    onStatement: options.onStatement,
  });
  try {
    await migrate(database);
    const artefacts = createArtefactStore(join(config.dataFolder, "artefacts"));
    const app: App = {
      config,
      log,
      version: packageVersion("../../package.json"),
      onnxruntimeVersion: packageVersion("onnxruntime-node/package.json"),
      database,
      prisma: createPrisma(database),
      artefacts,
      queue: await startQueue(database, log),
      signer: createSigner(readSecret(config.dataFolder)),
      openSlides: createOpenSlides(),
      encoderSessions: createEncoderSessions({ config, artefacts, log }),
    };
    await storeBundledEncoder(app);
    if (options.work !== false) {
      await app.queue.work(
        {
          TILE: runTileJob(app),
          EMBED: thenIndex(app, thenAssign(app, orReduce(app, runEmbedJob(app)))),
          INDEX: runIndexJob(app),
          CODEBOOK: runCodebookJob(app),
          TRAIN: runTrainJob(app),
          SCORE: runScoreJob(app),
        },
        { concurrency: SLIDES_AT_ONCE },
      );
    }
    const stopSweeping = startSweeping(app);
    const stopIndexing = options.work === false ? undefined : startIndexing(app);
    return {
      ...app,
      async close() {
        await stopSweeping();
        await stopIndexing?.();
        await indexingDone(app);
        await app.queue.stop();
        await app.encoderSessions.close();
        await app.openSlides.close();
        await app.prisma.$disconnect();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
};
