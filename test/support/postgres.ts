import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

/** A PostgreSQL server of a test file's own, which it may restart, lock down and put PgBouncer before. */
export type OwnPostgres = {
  /** As the superuser, who is the DBA here. */
  url: string;
  /** `fast` ends every session, `immediate` is a crash. */
  restart(mode?: "fast" | "immediate"): Promise<void>;
  /** PgBouncer's address, in transaction mode. @throws where it is not installed */
  pgbouncer(): Promise<string>;
  stop(): Promise<void>;
};

const SCRIPT = join(import.meta.dirname, "../../tools/postgres.sh");
const run = promisify(execFile);

/** Why no server can be started here without installing one; undefined where it can. */
export const whyNoPostgres = (): string | undefined => {
  if (process.platform === "win32") return "tools/postgres.sh needs a POSIX shell";
  try {
    execFileSync(SCRIPT, ["check"], { stdio: ["ignore", "ignore", "pipe"] });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
};

export const startPostgres = async (name: string, env: Record<string, string> = {}): Promise<OwnPostgres> => {
  const environment = { ...process.env, HISTOQL_POSTGRES_NAME: `${name}-${process.pid}`, ...env };
  const call = async (...args: string[]) => (await run(SCRIPT, args, { env: environment })).stdout.trim();
  return {
    url: await call("start"),
    restart: async (mode = "fast") => {
      await call("restart", mode);
    },
    pgbouncer: () => call("pgbouncer"),
    stop: async () => {
      await call("stop");
    },
  };
};

/** The same address for another role, password or database, or with parameters. */
export const otherUrl = (
  url: string,
  {
    user,
    password,
    database,
    parameters = {},
  }: Partial<Record<"user" | "password" | "database", string>> & {
    parameters?: Record<string, string>;
  },
): string => {
  const other = new URL(url);
  if (user !== undefined) other.username = user;
  if (password !== undefined) other.password = password;
  if (database !== undefined) other.pathname = `/${database}`;
  for (const [name, value] of Object.entries(parameters)) other.searchParams.set(name, value);
  return other.href;
};

/** Runs statements one after another; returns the rows of the last. */
export const runSql = async (url: string, ...statements: string[]): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows ?? [];
    return rows;
  } finally {
    await client.end();
  }
};
