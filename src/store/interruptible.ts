import { AsyncResource } from "node:async_hooks";
import pg from "pg";
import { queryScope } from "../platform/queryScope.ts";

export type ClientOptions = {
  /** Sees every statement before it runs. */
  onStatement?: ((text: string) => void) | undefined;
  /** Ends what a process of the server computes; undefined for a database that cannot, where it runs to its end. */
  cancel?: ((processId: number) => void) | undefined;
};

type Callback = (error: Error | undefined, result?: unknown) => void;
type Query = (this: unknown, ...args: unknown[]) => unknown;

/** These end a transaction, which must happen whatever became of the query. */
const ENDS_TRANSACTION = /^\s*(COMMIT|ROLLBACK)\b/i;

const statementText = (query: unknown): string | undefined => {
  if (typeof query === "string") return query;
  if (typeof query === "object" && query !== null && "text" in query) return String(query.text);
  return undefined;
};

/** Runs a statement unless its scope is aborted, and cancels it when that happens meanwhile. */
const runInterruptibly = (
  start: (callback: Callback) => void,
  signal: AbortSignal,
  cancel: (() => void) | undefined,
  callback: Callback,
): void => {
  if (signal.aborted) {
    callback(signal.reason);
    return;
  }
  if (!cancel) {
    start(callback);
    return;
  }
  signal.addEventListener("abort", cancel, { once: true });
  start((error, result) => {
    signal.removeEventListener("abort", cancel);
    // An error even where the statement was done in time: the pool then drops the connection, which the cancellation may
    // yet hit.
    if (signal.aborted) callback(signal.reason);
    else callback(error, result);
  });
};

/** A database client that tells of each statement, and cancels those whose `queryScope` is aborted. */
export const interruptibleClient = ({ onStatement, cancel }: ClientOptions): typeof pg.Client => {
  class InterruptibleClient extends pg.Client {}
  const original = pg.Client.prototype.query as Query;
  const query: Query = function (...args) {
    const client = this as pg.Client & { processID: number };
    const text = statementText(args[0]);
    if (text !== undefined) onStatement?.(text);
    const signal = queryScope.getStore()?.signal;
    if (signal === undefined || text === undefined || ENDS_TRANSACTION.test(text)) return original.apply(client, args);
    const last = args.at(-1);
    const callback = typeof last === "function" ? (last as Callback) : undefined;
    const start = (done: Callback) => {
      original.call(client, ...(callback ? args.slice(0, -1) : args), done);
    };
    const stop = cancel && (() => cancel(client.processID));
    if (callback) return runInterruptibly(start, signal, stop, callback);
    return new Promise((resolve, reject) => {
      runInterruptibly(start, signal, stop, (error, result) => (error ? reject(error) : resolve(result)));
    });
  };
  InterruptibleClient.prototype.query = query as typeof pg.Client.prototype.query;
  return InterruptibleClient as typeof pg.Client;
};

/** The promise, or the signal's reason as soon as it is aborted; the work itself goes on. */
const untilAborted = <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });

/**
 * A pool whose callers keep their `queryScope` while they wait for a connection that another one releases, and are told at
 * once when it is aborted, whatever the database still does.
 */
export const createScopedPool = (options: pg.PoolConfig): pg.Pool => {
  class ScopedPool extends pg.Pool {}
  const { connect, query } = pg.Pool.prototype as unknown as { connect: Query; query: Query };
  const scopedConnect: Query = function (...args) {
    return connect.apply(
      this,
      args.map((callback) => AsyncResource.bind(callback as Callback)),
    );
  };
  const scopedQuery: Query = function (...args) {
    const signal = queryScope.getStore()?.signal;
    if (signal === undefined || typeof args.at(-1) === "function") return query.apply(this, args);
    if (signal.aborted) return Promise.reject(signal.reason);
    return untilAborted(query.apply(this, args) as Promise<unknown>, signal);
  };
  Object.assign(ScopedPool.prototype, { connect: scopedConnect, query: scopedQuery });
  return new ScopedPool(options);
};

/** Cancels over a connection of its own: those of the pool may all be taken by what is to be cancelled. */
export const cancelOver =
  (connectionString: string) =>
  (processId: number): void => {
    const client = new pg.Client({ connectionString, application_name: "histoql-cancel" });
    client.on("error", () => {});
    client
      .connect()
      .then(() => client.query("SELECT pg_cancel_backend($1)", [processId]))
      // Where that fails the statement runs to its end; nobody waits for it any more.
      .catch(() => {})
      .finally(() => client.end().catch(() => {}));
  };
