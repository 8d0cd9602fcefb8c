import type pg from "pg";
import type { Database } from "./database.ts";
import { mayMigrate, missingMigrations } from "./migrations.ts";

/** What a given PostgreSQL tells about itself and about the role that asks. Sizes in bytes. */
export type ServerFacts = {
  version: string;
  /** pgvector in this database; null where it is not installed. */
  pgvector: string | null;
  /** What the server could install; null where there is none. */
  pgvectorAvailable: string | null;
  role: string;
  isSuperuser: boolean;
  schema: string;
  /** Whether anybody may make tables in the schema. */
  isSchemaOpen: boolean;
  mayMigrate: boolean;
  /** Migrations of this version that are not applied; null where the history cannot be read. */
  missingMigrations: number | null;
  /** Another program (PgBouncer) hands out connections. */
  isPooled: boolean;
  sharedBuffers: number;
  maintenanceWorkMem: number;
};

/** The process that answers is another one than the handshake named. */
const isPooled = async (pool: pg.Pool): Promise<boolean> => {
  const client = (await pool.connect()) as pg.PoolClient & { processID: number };
  try {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return rows[0]?.pid !== client.processID;
  } finally {
    client.release();
  }
};

type FactsRow = Omit<ServerFacts, "schema" | "mayMigrate" | "missingMigrations" | "isPooled">;

export const readServerFacts = async (database: Database): Promise<ServerFacts> => {
  const { rows } = await database.query<FactsRow>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
       (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') AS "pgvectorAvailable",
       current_user AS role, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
       has_schema_privilege('public', quote_ident($1), 'CREATE') AS "isSchemaOpen",
       pg_size_bytes(current_setting('shared_buffers')) AS "sharedBuffers",
       pg_size_bytes(current_setting('maintenance_work_mem')) AS "maintenanceWorkMem"`,
    [database.schema],
  );
  return {
    ...(rows[0] as FactsRow),
    schema: database.schema,
    mayMigrate: await mayMigrate(database, database.schema),
    missingMigrations: await missingMigrations(database).then(
      (names) => names.length,
      () => null,
    ),
    isPooled: await isPooled(database.pool),
  };
};
