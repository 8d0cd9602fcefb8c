/** Whether a failure means that the database could not be asked, rather than that it said no. */

const SOCKET_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/**
 * SQLSTATEs of PostgreSQL's appendix A: class 08 (connection), 57P01 to 57P03 (shutting down, crashed, starting up),
 * 53300 (too many connections), 25006 (a standby that took over reads only, yet). PgBouncer says 08P01 for a server that is gone.
 */
const STATES = /^(08...|57P0[123]|53300|25006)$/;

/** The driver's own words, which carry no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired)/;

/** Prisma's codes for the same: unreachable, timed out, closed by the server, too many connections. */
const PRISMA_CODES = new Set(["P1001", "P1002", "P1008", "P1017", "P2037"]);

const isUnavailableItself = (error: object): boolean => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string" && (SOCKET_CODES.has(code) || STATES.test(code) || PRISMA_CODES.has(code))) return true;
  return typeof message === "string" && DRIVER_MESSAGES.test(message);
};

const DEPTH = 6;

/** True for a lost or refused connection, however deep the driver, Prisma or a caller has wrapped it. */
export const isUnavailable = (error: unknown, depth: number = DEPTH): boolean => {
  if (typeof error !== "object" || error === null || depth === 0) return false;
  if (isUnavailableItself(error)) return true;
  const { cause, meta, originalError } = error as { cause?: unknown; meta?: unknown; originalError?: unknown };
  const adapterError = (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  // Prisma's adapter keeps the SQLSTATE under a name of its own.
  const state = (error as { originalCode?: unknown }).originalCode;
  if (typeof state === "string" && (STATES.test(state) || SOCKET_CODES.has(state))) return true;
  const within = error instanceof AggregateError ? error.errors : [];
  return [cause, adapterError, originalError, ...within].some((inner) => isUnavailable(inner, depth - 1));
};
