import { type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

/** What looks like an absolute path, on Unix or Windows; this program's own files in a stack are told apart by their scheme. */
const PATHS = /(?<![\w/:.])(?:\/|[A-Za-z]:\\)[^\s'"`,;)]+/g;

/** Between quotes a path may hold spaces and commas. */
const QUOTED_PATHS = /(['"`])[^'"`]*[/\\][^'"`]*\1/g;

const withoutPaths = (text: string): string => text.replace(QUOTED_PATHS, "[path]").replace(PATHS, "[path]");

/** An error as logs may hold it: messages of file systems and libraries name files, which are nobody's business. */
export const loggableError = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof Error)) return { message: withoutPaths(String(error)) };
  const { name, message, stack = "" } = error;
  const frames = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
  const code = (error as NodeJS.ErrnoException).code;
  return { type: name, ...(code !== undefined && { code }), message: withoutPaths(message), frames };
};

/** JSON lines on standard error. Directories and file names never reach a log. */
export const createLogger = (level: string): Logger =>
  pino(
    {
      level,
      base: null,
      redact: { paths: ["path", "*.path", "req.headers.authorization"], censor: "[private]" },
      serializers: { err: loggableError, error: loggableError },
    },
    pino.destination({ fd: 2, sync: true }),
  );
