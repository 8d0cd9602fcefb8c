import { HistoError } from "../platform/errors.ts";
import type { Database, Queryable } from "./database.ts";
import { quoteName, searchPath } from "./schemas.ts";

/** Schemas of a HistoQL beside the one of its tables: vectors, and the queue's messages. */
const OWN_SCHEMAS = ["features", "pgboss"] as const;

type RoleState = { exists: boolean; isSuperuser: boolean; isOwner: boolean; migrator: string; database: string };

const askRole = async (client: Queryable, role: string): Promise<RoleState> => {
  const { rows } = await client.query<RoleState>(
    `SELECT role.oid IS NOT NULL AS exists, coalesce(role.rolsuper, false) AS "isSuperuser",
       coalesce(pg_has_role(role.oid, current_user, 'MEMBER'), false) AS "isOwner",
       current_user AS migrator, current_database() AS database
     FROM (SELECT $1::text AS name) AS asked LEFT JOIN pg_roles AS role ON role.rolname = asked.name`,
    [role],
  );
  return rows[0] as RoleState;
};

const requireLesser = (role: string, state: RoleState): void => {
  if (!state.exists) {
    throw new HistoError("NOT_FOUND", `The database server has no role ${role}.`, {
      fix: `Have the DBA run: CREATE ROLE ${quoteName(role)} LOGIN PASSWORD '…';`,
      path: ["application-role"],
    });
  }
  if (state.isSuperuser || state.isOwner) {
    throw new HistoError("BAD_ARGUMENT", `The role ${role} may do all that the migrating role ${state.migrator} may.`, {
      fix: "Name a role of its own for the server, neither superuser nor a member of the migrating one.",
      path: ["application-role"],
    });
  }
};

/** For each table, sequence and function of the three schemas that is this role's own: what the application may do with it. */
const OBJECT_GRANTS = `WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY($2::text[]))
  SELECT CASE
      WHEN relation.relkind = 'S' THEN format('GRANT USAGE, SELECT ON SEQUENCE %s TO %I', relation.oid::regclass, $1::text)
      WHEN relation.relname = '_prisma_migrations' THEN format('GRANT SELECT ON %s TO %I', relation.oid::regclass, $1::text)
      ELSE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', relation.oid::regclass, $1::text)
    END AS statement
  FROM pg_class AS relation JOIN own ON own.oid = relation.relnamespace
  WHERE relation.relkind IN ('r', 'p', 'S') AND pg_has_role(relation.relowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'e')
  UNION ALL
  SELECT format('GRANT EXECUTE ON ROUTINE %s TO %I', routine.oid::regprocedure, $1::text)
  FROM pg_proc AS routine JOIN own ON own.oid = routine.pronamespace
  WHERE own.nspname = 'features' AND pg_has_role(routine.proowner, 'USAGE')
  UNION ALL
  SELECT format('GRANT USAGE ON SCHEMA %I TO %I', own.nspname, $1::text) FROM own
  WHERE NOT has_schema_privilege($1::text, own.oid, 'USAGE')
  UNION ALL
  SELECT format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT %s TO %I', own.nspname, rights, $1::text)
  FROM own, unnest(ARRAY['SELECT, INSERT, UPDATE, DELETE ON TABLES', 'USAGE, SELECT ON SEQUENCES', 'EXECUTE ON FUNCTIONS']) AS rights`;

/** What only the DBA can mend, as SQL to run; empty where nothing is to be done. */
const adviceFor = async (client: Queryable, role: string, schema: string): Promise<string[]> => {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', nspname) AS statement FROM pg_namespace
     WHERE nspname = ANY($2::text[]) AND has_schema_privilege($1::text, oid, 'CREATE')
     UNION ALL
     SELECT format('GRANT USAGE ON SCHEMA %I TO %I;', nspname, $1::text)
     FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
     WHERE extname = 'vector' AND NOT has_schema_privilege($1::text, pg_namespace.oid, 'USAGE')
     UNION ALL
     SELECT format('GRANT CONNECT ON DATABASE %I TO %I;', current_database(), $1::text)
     WHERE NOT has_database_privilege($1::text, current_database(), 'CONNECT')
     UNION ALL
     SELECT format('REVOKE CREATE ON DATABASE %I FROM %I;', current_database(), $1::text)
     WHERE has_database_privilege($1::text, current_database(), 'CREATE')`,
    [role, [schema, "public", ...OWN_SCHEMAS]],
  );
  return rows.map(({ statement }) => statement);
};

/** Needed behind a pooler, which passes no start-up options on. Null when done or not needed, else the SQL for the DBA. */
const setSearchPath = async (database: Database, role: string, name: string): Promise<string | null> => {
  const { rows } = await database.query<{ extension: string }>(
    `SELECT nspname AS extension FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
     WHERE extname = 'vector'`,
  );
  const path = searchPath(database.schema, rows[0]?.extension ?? null);
  if (path === quoteName("public")) return null;
  const statement = `ALTER ROLE ${quoteName(role)} IN DATABASE ${quoteName(name)} SET search_path = ${path}`;
  try {
    await database.query(statement);
    return null;
  } catch (error) {
    if ((error as { code?: string }).code !== "42501") throw error;
    return `${statement};`;
  }
};

/**
 * Gives a lesser role what the server needs, now and for tables made later: rows of every table, sequences, and the functions
 * that make and drop vector tables with their owner's rights. It may create nothing itself, and reads the history of
 * migrations only. Run as the role that owns the tables; again after each migration.
 * @returns SQL that the DBA has to run, for what this role may not do
 * @throws HistoError NOT_FOUND without such a role, BAD_ARGUMENT when it is not a lesser one
 */
export const grantApplication = async (database: Database, role: string): Promise<string[]> => {
  const state = await askRole(database, role);
  requireLesser(role, state);
  await database.transaction(async (client) => {
    const { rows } = await client.query<{ statement: string }>(OBJECT_GRANTS, [
      role,
      [database.schema, ...OWN_SCHEMAS],
    ]);
    for (const { statement } of rows) await client.query(statement);
  });
  const path = await setSearchPath(database, role, state.database);
  return [...(await adviceFor(database, role, database.schema)), ...(path === null ? [] : [path])];
};
