import { AsyncResource } from "node:async_hooks";
import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { queryScope } from "../platform/queryScope.ts";

export type ClientOptions = {
  /** Sees every statement before it runs. */
  onStatement?: ((text: string) => void) | undefined;
  /** Whether the server can end what it computes; where it cannot, a statement runs to its end. */
  cancels?: boolean | undefined;
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

/** What the driver's client keeps of its connection beside what its types tell. */
type ConnectedClient = pg.Client & { processID: number; secretKey: number; ssl: boolean | ConnectionOptions };

/** The driver's connection below a client: only what a cancellation needs. */
type RawConnection = EventEmitter & {
  stream: Duplex;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
};
const RawConnection = pg.Connection as unknown as new (config: { ssl: boolean | ConnectionOptions }) => RawConnection;

/** A server that does not answer holds up nothing but this. */
const CANCEL_WITHIN_MS = 10_000;

/**
 * Asks the server to end the statement that a client waits for, by the protocol's CancelRequest over a connection of its own
 * (those of the pool may all be taken by what is to be cancelled), which PgBouncer passes on to the right server process.
 * Where that fails the statement runs to its end; nobody waits for it any more.
 */
const requestCancel = (client: ConnectedClient): void => {
  const connection = new RawConnection({ ssl: client.ssl });
  const end = () => connection.stream.destroy();
  const send = () => connection.cancel(client.processID, client.secretKey);
  connection.on("error", end);
  connection.once("connect", () => (client.ssl ? connection.requestSsl() : send()));
  connection.once("sslconnect", send);
  // The server answers by closing.
  const timer = setTimeout(end, CANCEL_WITHIN_MS).unref();
  connection.once("end", () => clearTimeout(timer));
  if (client.host.startsWith("/")) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
  else connection.connect(client.port, client.host);
};

/** A server that does not answer at all is as good as none. The wait for a connection of the pool is not bounded by this. */
const CONNECT_WITHIN_MS = 15_000;

/** A database client that tells of each statement, and cancels those whose `queryScope` is aborted. */
export const interruptibleClient = ({ onStatement, cancels = false }: ClientOptions): typeof pg.Client => {
  class InterruptibleClient extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, connectionTimeoutMillis: CONNECT_WITHIN_MS });
      // Statements under way fail by themselves when the connection breaks; without a listener the process would end.
      this.on("error", () => {});
    }
  }
  const original = pg.Client.prototype.query as Query;
  const query: Query = function (...args) {
    const client = this as ConnectedClient;
    const text = statementText(args[0]);
    if (text !== undefined) onStatement?.(text);
    const signal = queryScope.getStore()?.signal;
    if (signal === undefined || text === undefined || ENDS_TRANSACTION.test(text)) return original.apply(client, args);
    const last = args.at(-1);
    const callback = typeof last === "function" ? (last as Callback) : undefined;
    const start = (done: Callback) => {
      original.call(client, ...(callback ? args.slice(0, -1) : args), done);
    };
    const stop = cancels ? () => requestCancel(client) : undefined;
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
