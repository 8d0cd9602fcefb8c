import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { BUNDLED_ENCODER_KEY, bundledEncoder } from "../inference/bundled-encoder.ts";
import type { App } from "../modules/context.ts";
import { storeEncoder } from "../modules/encoder/encoder.service.ts";
import { createEncoderSessions } from "../modules/encoder/encoder.sessions.ts";
import { closeExportThreads } from "../modules/export/export.stream.ts";
import { createExportSweep } from "../modules/export/export.sweep.ts";
import { indexingDone } from "../modules/patient/indexing.ts";
import { createOpenSlides } from "../modules/slide/openSlides.ts";
import { createSlideFiles } from "../modules/slide/slideFiles.ts";
import { sweepUploads } from "../modules/upload/upload.service.ts";
import { type Config, makeDataFolder } from "../platform/config.ts";
import { HistoError } from "../platform/errors.ts";
import { createLogger } from "../platform/logging.ts";
import { repeatedly } from "../platform/repeatedly.ts";
import { createSigner, readSecret } from "../platform/signing.ts";
import { createJobWatch } from "../queue/jobWatch.ts";
import { startQueue } from "../queue/queue.ts";
import { recordVersion, requireVersion } from "../queue/workers.ts";
import { openArtefacts } from "../store/artefacts.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { migrate, missingMigrations } from "../store/migrations.ts";
import { createPrisma } from "../store/prisma.ts";
import { requireWorkDevices, startWorking, type Work, type WorkOptions } from "./work.ts";

const packageVersion = (name: string): string => {
  const require = createRequire(import.meta.url);
  return (require(name) as { version: string }).version;
};

export type AppOptions = {
  /** Keeps the embedded database in memory (tests). */
  inMemory?: boolean;
  /** Takes jobs in this process; on by default. */
  work?: boolean | WorkOptions;
  /** A worker changes nothing of the database's version, and serves nobody. */
  as?: "server" | "worker";
  /** Sees every SQL statement. */
  onStatement?: (text: string) => void;
};

export type RunningApp = App & { work: Work | undefined; close(): Promise<void> };

/** @throws HistoError CONFLICT when tables and program are of different versions */
const requireSameTables = async (database: Database): Promise<void> => {
  const missing = await missingMigrations(database);
  if (missing.length === 0) return;
  throw new HistoError("CONFLICT", `The database lacks ${missing.length} of this version's migrations.`, {
    fix: "Start histoql serve of this version, or run histoql migrate, with the same DATABASE_URL; then start workers.",
  });
};

/** Brings the database to this version; or, for a worker, makes sure that it is. */
const settleVersion = async (database: Database, version: string, as: "server" | "worker"): Promise<void> => {
  if (as === "worker") {
    await requireSameTables(database);
    return requireVersion(database, version);
  }
  await migrate(database);
  await recordVersion(database, version);
};

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

const SWEEP_EVERY_MS = 10 * 60 * 1000;

/** Takes away what has expired: uploads come to servers alone, files of exports lie on every machine. */
const startSweeping = (app: App, as: "server" | "worker"): (() => Promise<void>) => {
  const sweepExports = createExportSweep(app);
  const sweep = async (signal: AbortSignal) => {
    if (as === "server") await sweepUploads(app);
    await sweepExports(signal);
  };
  return repeatedly(sweep, SWEEP_EVERY_MS, (error) => app.log.warn({ err: error }, "a sweep failed"));
};

/**
 * The composition root: opens the database (migrating it where needed), wires the parts together and begins to work.
 * @throws HistoError when the database is in use, unreachable or of another version, or a device that was named does not run
 */
export const createApp = async (config: Config, options: AppOptions = {}): Promise<RunningApp> => {
  const { as = "server", work = true } = options;
  const workOptions = work === true ? {} : work;
  if (workOptions) await requireWorkDevices(config, workOptions);
  const version = packageVersion("../../package.json");
  makeDataFolder(config.dataFolder);
  const log = createLogger(config.logLevel);
  const database = await openDatabase({
    url: config.databaseUrl,
    schema: config.schema,
    dataFolder: options.inMemory ? undefined : config.dataFolder,
    onStatement: options.onStatement,
  });
  try {
    await settleVersion(database, version, as);
    const artefacts = openArtefacts(config);
    const slideFiles = createSlideFiles(config);
    const app: App = {
      config,
      log,
      version,
      onnxruntimeVersion: packageVersion("onnxruntime-node/package.json"),
      database,
      prisma: createPrisma(database),
      artefacts,
      queue: await startQueue(database, log, { leaseSeconds: config.leaseSeconds }),
      jobWatch: createJobWatch(database, log),
      signer: createSigner(readSecret(config.dataFolder)),
      slideFiles,
      openSlides: createOpenSlides(slideFiles),
      encoderSessions: createEncoderSessions({
        ...{ config, artefacts, log },
        onUnfit: workOptions ? workOptions.onRefused : undefined,
      }),
    };
    await storeBundledEncoder(app);
    const working = workOptions ? await startWorking(app, workOptions) : undefined;
    const stopSweeping = startSweeping(app, as);
    return {
      ...app,
      work: working,
      async close() {
        await stopSweeping();
        await working?.stop();
        await indexingDone(app);
        app.jobWatch.close();
        await closeExportThreads(app);
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
