import type { Viewer } from "../platform/authorisation.ts";
import type { Config } from "../platform/config.ts";
import type { Logger } from "../platform/logging.ts";
import type { Signer } from "../platform/signing.ts";
import type { JobWatch } from "../queue/jobWatch.ts";
import type { Queue } from "../queue/queue.ts";
import type { ArtefactStore } from "../store/artefacts.ts";
import type { Database } from "../store/database.ts";
import type { PrismaClient } from "../store/prisma.ts";
import type { EncoderSessions } from "./encoder/encoder.sessions.ts";
import type { Loaders } from "./loaders.ts";
import type { OpenSlides } from "./slide/openSlides.ts";
import type { SlideFiles } from "./slide/slideFiles.ts";

/** The running parts that services act on; made once by the composition root. */
export type App = {
  config: Config;
  log: Logger;
  /** HistoQL's own version and ONNX Runtime's, for lineage. */
  version: string;
  onnxruntimeVersion: string;
  database: Database;
  prisma: PrismaClient;
  artefacts: ArtefactStore;
  queue: Queue;
  jobWatch: JobWatch;
  signer: Signer;
  slideFiles: SlideFiles;
  openSlides: OpenSlides;
  encoderSessions: EncoderSessions;
};

/** What every resolver of one request gets. */
export type GraphQLContext = {
  app: App;
  viewer: Viewer;
  loaders: Loaders;
  /** Scheme, host and port that the client used, so that URLs in answers work where the client is. */
  baseUrl: string;
  /** Aborts when the client has gone or the time for a query is up; long work looks at it. */
  signal: AbortSignal;
};
