import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../platform/digest.ts";
import { HistoError } from "../platform/errors.ts";
import type { Database, Queryable } from "./database.ts";

export const MIGRATIONS_FOLDER = join(import.meta.dirname, "../../migrations");

/** Any number will do, as long as all processes that migrate use the same one. */
const ADVISORY_LOCK = 72_707_369;

type Migration = { name: string; sql: string; checksum: string };

/** Migrations in Prisma's folder format, oldest first, with Prisma's checksum (SHA-256 of the file). */
export const readMigrations = (folder: string): Migration[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });

/** The table that `prisma migrate deploy` keeps, so that either may apply the next migration. */
const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

const apply = async (client: Queryable, migration: Migration) => {
  await client.query(migration.sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, now(), now(), 1)`,
    [randomUUID(), migration.checksum, migration.name],
  );
};

/** Checksums by name; null where the database was never migrated. A table of that name in another schema is not ours. */
const readHistory = async (client: Queryable, schema: string): Promise<Map<string, string> | null> => {
  const { rows: tables } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass(quote_ident($1) || '._prisma_migrations') IS NOT NULL AS exists",
    [schema],
  );
  if (!tables[0]?.exists) return null;
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    "SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL",
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
};

/** @throws HistoError CONFLICT when the database knows what these files do not */
const missingFrom = (applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): Migration[] => {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  for (const [name, checksum] of applied) {
    if (known.get(name) === checksum) continue;
    throw new HistoError("CONFLICT", `The database has migration ${name} in a form that this version does not know.`, {
      fix: "Run the HistoQL version that made this database, or a newer one.",
    });
  }
  return migrations.filter((migration) => !applied.has(migration.name));
};

/** Tells whether migrations have been applied since it was read last; of a database that has been migrated. */
export const readMigrationsDigest = async (database: Database): Promise<string> =>
  digestOf(Object.fromEntries((await readHistory(database, database.schema)) ?? []));

/** Names of this version's migrations that the database lacks. @throws HistoError CONFLICT */
export const missingMigrations = async (database: Database, folder: string = MIGRATIONS_FOLDER): Promise<string[]> => {
  const applied = await readHistory(database, database.schema);
  return missingFrom(applied ?? new Map(), readMigrations(folder)).map(({ name }) => name);
};

/** Whether this role owns the tables or, where there are none yet, may make them. */
export const mayMigrate = async (client: Queryable, schema: string): Promise<boolean> => {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT coalesce(
       (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(quote_ident($1) || '._prisma_migrations')),
       has_schema_privilege(quote_ident($1), 'CREATE') AND has_database_privilege(current_database(), 'CREATE')
     ) AS may`,
    [schema],
  );
  return rows[0]?.may === true;
};

const mustMigrate = (missing: readonly string[]): HistoError =>
  new HistoError(
    "FORBIDDEN",
    `The database lacks ${missing.length} of this version's migrations, and this role may not make changes of that kind.`,
    { fix: "Run histoql migrate as the role that owns the tables, with --application-role and the name of this one." },
  );

/**
 * Functions that work with their owner's rights look names up where only the owner can put things: not in the caller's
 * search path, and in nobody's temporary schema before it. Nobody calls them but who is granted it.
 */
const SECURE_FUNCTIONS = `SELECT unnest(ARRAY[
    format('ALTER FUNCTION %s SET search_path = pg_catalog, %s, pg_temp', definer.oid::regprocedure, path.names),
    format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer.oid::regprocedure)
  ]) AS statement
  FROM pg_proc AS definer, (
    SELECT string_agg(DISTINCT quote_ident(name), ', ') AS names
    FROM (SELECT $1::text UNION SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
          WHERE extname = 'vector') AS used(name)
  ) AS path
  WHERE definer.pronamespace = 'features'::regnamespace AND definer.prosecdef AND pg_has_role(definer.proowner, 'USAGE')`;

const secureFunctions = async (client: Queryable, schema: string): Promise<void> => {
  const { rows } = await client.query<{ statement: string }>(SECURE_FUNCTIONS, [schema]);
  for (const { statement } of rows) await client.query(statement);
};

/** What the database said of a migration that could not be applied, for the one who can do something about it. */
const migrationRefusal = (error: unknown): HistoError | undefined => {
  const { code, message = "" } = error as { code?: string; message?: string };
  if (/extension "vector"/.test(message)) {
    const fix =
      code === "42501"
        ? "Have the DBA run in this database: CREATE EXTENSION vector;"
        : "Have pgvector installed on the database server (Debian: postgresql-17-pgvector), then run this again.";
    return new HistoError("FORBIDDEN", "This role could not install pgvector in the database.", { fix, cause: error });
  }
  // Both names are fixed: vectors and messages are the database's, whatever the schema of the other tables.
  if (code === "42P06") {
    return new HistoError("CONFLICT", "This database holds the vectors of a HistoQL in another schema already.", {
      fix: "Set HISTOQL_SCHEMA to that schema, or use a database of its own: one database holds one HistoQL.",
      path: ["HISTOQL_SCHEMA"],
      cause: error,
    });
  }
  return undefined;
};

/**
 * Applies what is missing, all or nothing; returns the names applied. Where nothing is missing, nothing is written.
 * @throws HistoError FORBIDDEN when something is missing that this role may not apply; CONFLICT when an applied migration
 *   differs from the file of its name, or when the database knows migrations that this version does not.
 */
export const migrate = async (database: Database, folder: string = MIGRATIONS_FOLDER): Promise<string[]> => {
  const { schema } = database;
  const migrations = readMigrations(folder);
  const missing = await missingMigrations(database, folder);
  if (missing.length === 0) return [];
  if (!(await mayMigrate(database, schema))) throw mustMigrate(missing);
  try {
    return await database.transaction(async (client) => {
      await client.query("SELECT pg_advisory_xact_lock($1)", [ADVISORY_LOCK]);
      const applied = await readHistory(client, schema);
      if (applied === null) await client.query(HISTORY_TABLE);
      // Another process may have applied them meanwhile.
      const left = missingFrom(applied ?? new Map(), migrations);
      for (const migration of left) await apply(client, migration);
      if (left.length > 0) await secureFunctions(client, schema);
      return left.map((migration) => migration.name);
    });
  } catch (error) {
    throw migrationRefusal(error) ?? error;
  }
};
