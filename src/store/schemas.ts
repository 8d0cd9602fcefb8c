import pg from "pg";
import { HistoError } from "../platform/errors.ts";

/** What a fresh connection says about where names are looked up and what its role may do. */
export type SchemaState = {
  /** First schema of the search path that exists. */
  current: string | null;
  /** Whether the schema asked for exists. */
  exists: boolean;
  /** Whether the role may look into it. */
  mayUse: boolean;
  /** Schema that holds pgvector; null where it is not installed. */
  extension: string | null;
  /** Whether `halfvec` is found by its bare name. */
  findsVectors: boolean;
  mayCreateSchema: boolean;
  role: string;
  database: string;
};

const ASK = `SELECT current_schema() AS current, to_regnamespace(quote_ident($1)) IS NOT NULL AS exists,
    coalesce(has_schema_privilege(to_regnamespace(quote_ident($1)), 'USAGE'), false) AS "mayUse",
    (SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector') AS extension,
    to_regtype('halfvec') IS NOT NULL AS "findsVectors",
    has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchema",
    current_user AS role, current_database() AS database`;

export const askSchemaState = async (
  client: { query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<Row>> },
  schema: string,
): Promise<SchemaState> => {
  const { rows } = await client.query<SchemaState>(ASK, [schema]);
  return rows[0] as SchemaState;
};

/** Whether tables of the schema and pgvector's types are found by their bare names, the former first. */
const isEffective = (state: SchemaState, schema: string): boolean =>
  state.current === schema && (state.extension === null || state.findsVectors);

/** An identifier in double quotes, as SQL text and as an item of `search_path` alike. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `search_path` for a schema: the schema itself, then pgvector's where that is another. */
export const searchPath = (schema: string, extension: string | null): string =>
  [...new Set([schema, ...(extension === null ? [] : [extension])])].map(quoteName).join(", ");

/** A start-up option: the server splits at white space, which a backslash escapes. */
const startupOption = (path: string): string => `-c search_path=${path.replaceAll(/[\\\s]/g, (found) => `\\${found}`)}`;

const withClient = async <Result>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = new pg.Client(config);
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
};

const notYet = (schema: string): HistoError =>
  new HistoError("NOT_FOUND", `The database has no schema ${schema} yet.`, {
    fix: "Run histoql migrate, which makes it.",
    path: ["HISTOQL_SCHEMA"],
  });

const missing = (schema: string, role: string): HistoError =>
  new HistoError("FORBIDDEN", `The database has no schema ${schema}, and the role ${role} may not make one.`, {
    fix: `Run histoql migrate as a role that may, or have the DBA run: CREATE SCHEMA ${quoteName(schema)} AUTHORIZATION ${quoteName(role)};`,
    path: ["HISTOQL_SCHEMA"],
  });

const noRights = (schema: string, role: string): HistoError =>
  new HistoError("FORBIDDEN", `The role ${role} has no rights in the schema ${schema}.`, {
    fix: `Run as the role that owns the tables: histoql migrate --application-role ${role}`,
    path: ["DATABASE_URL"],
  });

/** Behind a pooler the server's own settings of the role are the only ones that reach every connection. */
const ineffective = (state: SchemaState, schema: string): HistoError => {
  if (state.current === schema && state.extension !== null) {
    return new HistoError(
      "FORBIDDEN",
      `The role ${state.role} has no rights in the schema of pgvector, ${state.extension}.`,
      {
        fix: `Have the DBA run: GRANT USAGE ON SCHEMA ${quoteName(state.extension)} TO ${quoteName(state.role)};`,
        path: ["DATABASE_URL"],
      },
    );
  }
  return new HistoError(
    "CONFLICT",
    `Tables are looked up in schema ${state.current ?? "(none)"} instead of ${schema}.`,
    {
      fix: `A pooler holds the setting back. Have the DBA run: ALTER ROLE ${quoteName(state.role)} IN DATABASE ${quoteName(state.database)} SET search_path = ${searchPath(schema, state.extension)}; then RECONNECT the pooler.`,
      path: ["HISTOQL_SCHEMA"],
    },
  );
};

const isOptionRefused = (error: unknown): boolean =>
  /unsupported startup parameter/.test((error as { message?: string } | null)?.message ?? "");

/**
 * Finds out how every connection of a pool comes to look names up in `schema`: by itself (the role's or database's own setting,
 * which passes through poolers), else by a start-up option, which only a direct connection takes. Makes the schema where
 * it is missing and the role may.
 * @returns what to add to the pool's settings
 * @throws HistoError FORBIDDEN without schema, CONFLICT when the search path does not take effect
 */
export const settleSchema = async (
  config: pg.ClientConfig,
  schema: string,
  { make = true }: { make?: boolean } = {},
): Promise<{ options?: string }> => {
  const found = await withClient(config, async (client) => {
    const state = await askSchemaState(client, schema);
    if (state.exists || !make) return state;
    if (!state.mayCreateSchema) throw missing(schema, state.role);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`);
    return askSchemaState(client, schema);
  });
  if (!found.exists) throw found.mayCreateSchema ? notYet(schema) : missing(schema, found.role);
  if (!found.mayUse) throw noRights(schema, found.role);
  if (isEffective(found, schema)) return {};
  const own = config.options === undefined ? "" : `${config.options} `;
  const options = `${own}${startupOption(searchPath(schema, found.extension))}`;
  const optioned = await withClient({ ...config, options }, (client) => askSchemaState(client, schema)).catch(
    (error: unknown) => {
      if (isOptionRefused(error)) return found;
      throw error;
    },
  );
  if (isEffective(optioned, schema)) return { options };
  throw ineffective(optioned, schema);
};
