import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";
import { HistoError } from "../platform/errors.ts";
import { queryScope } from "../platform/queryScope.ts";
import { type EmbeddedDatabase, startEmbedded } from "./embedded/index.ts";
import { cancelOver, createScopedPool, interruptibleClient } from "./interruptible.ts";

/** What runs a statement: the pool, or the one client of a transaction. */
export type Queryable = {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>;
};

export type Database = Queryable & {
  kind: "embedded" | "given";
  pool: pg.Pool;
  /** Commits what `work` did, or rolls it back when it throws. Inside, use only the given client. */
  transaction<Result>(work: (client: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** Given PostgreSQL; without it the embedded one is started. */
  url?: string | undefined;
  /** Folder of the embedded database; undefined keeps it in memory. */
  dataFolder?: string | undefined;
  /** Sees every statement; for SQL snapshots. */
  onStatement?: ((text: string) => void) | undefined;
};

const INT8 = 20;
const INT8_ARRAY = 1016;

/** int8 as number: ids stay below 2^53 by construction (see patchId). */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary" && oid === INT8) return Number;
    if (format !== "binary" && oid === INT8_ARRAY) {
      return (text: string) => (text === "{}" ? [] : text.slice(1, -1).split(",").map(Number));
    }
    return pg.types.getTypeParser(oid, format as "text");
  }) as pg.CustomTypesConfig["getTypeParser"],
};

const unreachable = (error: unknown): HistoError =>
  new HistoError("BAD_ARGUMENT", "The PostgreSQL server named by DATABASE_URL cannot be reached.", {
    fix: 'Check host, port, user, password and TLS settings in DATABASE_URL; `psql "$DATABASE_URL"` must connect.',
    path: ["DATABASE_URL"],
    cause: error,
  });

const connect = (options: DatabaseOptions, embedded: EmbeddedDatabase | undefined): pg.Pool =>
  createScopedPool({
    ...(embedded ? { ...embedded.connection, max: 1 } : { connectionString: options.url, max: 10 }),
    Client: interruptibleClient({
      onStatement: options.onStatement,
      cancel: options.url === undefined ? undefined : cancelOver(options.url),
    }),
    types,
    application_name: "histoql",
    keepAlive: true,
  } as pg.PoolConfig);

/** Is set inside a transaction; with one connection, the pool would wait for that transaction forever. */
const insideTransaction = new AsyncLocalStorage<boolean>();

/** Opens the database and makes sure that it answers. */
export const openDatabase = async (options: DatabaseOptions): Promise<Database> => {
  const embedded = options.url === undefined ? await startEmbedded(options.dataFolder) : undefined;
  const pool = connect(options, embedded);
  // An idle connection that breaks is replaced by the pool at the next query; without a listener it would end the process.
  pool.on("error", () => {});
  try {
    await pool.query("SELECT 1");
  } catch (error) {
    await pool.end();
    await embedded?.close();
    throw embedded ? error : unreachable(error);
  }
  return {
    kind: embedded ? "embedded" : "given",
    pool,
    query: (text, values) => {
      if (embedded && insideTransaction.getStore()) {
        throw new Error(
          "Inside a transaction use only the transaction's client: the embedded database has one connection.",
        );
      }
      return pool.query(text, values as unknown[]);
    },
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await insideTransaction.run(true, () => work(client as Queryable));
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch((failure: Error) => {
          broken = failure;
        });
        // A cancellation on its way may yet reach this connection.
        if (queryScope.getStore()?.signal?.aborted) broken ??= new Error("The query was aborted.");
        throw error;
      } finally {
        client.release(broken);
      }
    },
    async close() {
      await pool.end();
      await embedded?.close();
    },
  };
};
