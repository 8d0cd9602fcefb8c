import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

/**
 * Applies what is missing, all or nothing; returns the names applied.
 * @throws HistoError CONFLICT when an applied migration differs from the file of its name, or when the database
 *   knows migrations that this version does not.
 */
export const migrate = (database: Database, folder: string = MIGRATIONS_FOLDER): Promise<string[]> =>
  database.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [ADVISORY_LOCK]);
    await client.query(HISTORY_TABLE);
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      "SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL",
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const migrations = readMigrations(folder);
    const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
    for (const [name, checksum] of applied) {
      if (known.get(name) === checksum) continue;
      throw new HistoError(
        "CONFLICT",
        `The database has migration ${name} in a form that this version does not know.`,
        {
          fix: "Run the HistoQL version that made this database, or a newer one.",
        },
      );
    }
    const missing = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) await apply(client, migration);
    return missing.map((migration) => migration.name);
  });
