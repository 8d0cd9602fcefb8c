import { type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

/** JSON lines on standard error. Directories and file names never reach a log: errors are logged by code and key. */
export const createLogger = (level: string): Logger =>
  pino(
    { level, base: null, redact: { paths: ["path", "*.path", "req.headers.authorization"], censor: "[private]" } },
    pino.destination({ fd: 2, sync: true }),
  );
