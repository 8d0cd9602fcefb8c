import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";
import { HistoError, isHistoError } from "../platform/errors.ts";
import { queryScope } from "../platform/queryScope.ts";
import { startEmbedded } from "./embedded/index.ts";
import { createScopedPool, interruptibleClient } from "./interruptible.ts";
import { settleSchema } from "./schemas.ts";
import { type Protection, readServerAddress, tlsRefusal } from "./tls.ts";

/** What runs a statement: the pool, or the one client of a transaction. */
export type Queryable = {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>;
};

export type Database = Queryable & {
  kind: "embedded" | "given";
  pool: pg.Pool;
  /** Schema of every table but vectors and messages. */
  schema: string;
  /** How the way to the server is protected. */
  protection: Protection;
  /** Commits what `work` did, or rolls it back when it throws. Inside, use only the given client. */
  transaction<Result>(work: (client: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** Given PostgreSQL; without it the embedded one is started. */
  url?: string | undefined;
  /** Schema of the given PostgreSQL; "public" by default. The embedded one has "public" only. */
  schema?: string | undefined;
  /** Whether a missing schema is made, where the role may; on by default. */
  makeSchema?: boolean | undefined;
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

const unreachable = (error: unknown): HistoError => {
  if (isHistoError(error)) return error;
  return (
    tlsRefusal(error) ??
    new HistoError("BAD_ARGUMENT", "The PostgreSQL server named by DATABASE_URL cannot be reached.", {
      fix: 'Check host, port, user, password and TLS settings in DATABASE_URL; `psql "$DATABASE_URL"` must connect.',
      path: ["DATABASE_URL"],
      cause: error,
    })
  );
};

const CONNECTIONS = 10;
const APPLICATION = { application_name: "histoql", keepAlive: true } as const;

type Connection = { config: pg.PoolConfig; schema: string; protection: Protection; close(): Promise<void> };

const DEFAULT_SCHEMA = "public";

const openEmbedded = async (dataFolder: string | undefined): Promise<Connection> => {
  const embedded = await startEmbedded(dataFolder);
  const config = { ...embedded.connection, ...APPLICATION, max: 1 };
  return { config, schema: DEFAULT_SCHEMA, protection: "local", close: () => embedded.close() };
};

/** @throws HistoError when it cannot be reached or trusted, or the schema cannot be used */
const openGiven = async (
  url: string,
  { schema = DEFAULT_SCHEMA, makeSchema }: DatabaseOptions,
): Promise<Connection> => {
  const { protection, ...address } = readServerAddress(url, process.env);
  const config = { ...address, ...APPLICATION, max: CONNECTIONS };
  try {
    const settled = await settleSchema(config, schema, { make: makeSchema ?? true });
    return { config: { ...config, ...settled }, schema, protection, close: async () => {} };
  } catch (error) {
    throw unreachable(error);
  }
};

/** Is set inside a transaction; with one connection, the pool would wait for that transaction forever. */
const insideTransaction = new AsyncLocalStorage<boolean>();

/**
 * Opens the database and makes sure that it answers.
 * @throws HistoError when it is in use, cannot be reached or trusted, or its schema cannot be used
 */
export const openDatabase = async (options: DatabaseOptions): Promise<Database> => {
  const { url } = options;
  const isEmbedded = url === undefined;
  const { config, schema, protection, close } = isEmbedded
    ? await openEmbedded(options.dataFolder)
    : await openGiven(url, options);
  const Client = interruptibleClient({ onStatement: options.onStatement, cancels: !isEmbedded });
  const pool = createScopedPool({ ...config, Client, types } as pg.PoolConfig);
  // An idle connection that breaks is replaced by the pool at the next query; without a listener it would end the process.
  pool.on("error", () => {});
  try {
    await pool.query("SELECT 1");
  } catch (error) {
    await pool.end();
    await close();
    throw isEmbedded ? error : unreachable(error);
  }
  return {
    kind: isEmbedded ? "embedded" : "given",
    pool,
    schema,
    protection,
    query: (text, values) => {
      if (isEmbedded && insideTransaction.getStore()) {
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
      await close();
    },
  };
};
