import type { Database, Queryable } from "./database.ts";

/** From so many patients on, reading a page by an index is worth what the index costs to keep. */
const INDEXED_PATIENTS = 20_000;

/** Every index costs at each write; a table with more columns than this is not asked by all of them. */
const INDEXED_ATTRIBUTES = 64;

/**
 * The statements that are missing: for each attribute of a large study an index over its own rows, on the very expression
 * by which filters and orderings read the attribute, with the key that breaks ties. The planner takes no statistics from an
 * index over a part of a table, and would guess that a third of the patients pass every range: hence those of their own.
 */
const missingIndexes = async (client: Queryable, studyId: number): Promise<string[]> => {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT unnest(ARRAY[
         format('CREATE INDEX CONCURRENTLY IF NOT EXISTS %I ON patient (%s, key) WHERE study_id = %s',
           name, expression, study_id),
         format('CREATE STATISTICS IF NOT EXISTS %I ON %s FROM patient', 'patient_value_' || md5(expression), expression)
       ]) AS statement
       FROM (
         SELECT attribute.study_id, format('patient_clinical_%s_%s', attribute.study_id, attribute.id) AS name,
           CASE WHEN attribute.type IN ('NUMBER', 'BOOLEAN') THEN format('(clinical -> %L::text)', attribute.key)
             ELSE format('((clinical ->> %L::text) COLLATE "C")', attribute.key) END AS expression
         FROM attribute
         WHERE attribute.study_id = $1 AND attribute.level = 'PATIENT' AND attribute.type <> 'TEXT'
         ORDER BY attribute.id LIMIT $3
       ) AS wanted
       WHERE to_regclass(quote_ident(name)) IS NULL
         AND (SELECT count(*) FROM patient WHERE patient.study_id = $1) >= $2`,
    [studyId, INDEXED_PATIENTS, INDEXED_ATTRIBUTES],
  );
  return rows.map(({ statement }) => statement);
};

const ownsPatients = async (client: Queryable): Promise<boolean> => {
  const { rows } = await client.query<{ owns: boolean }>(
    "SELECT pg_has_role(relowner, 'USAGE') AS owns FROM pg_class WHERE oid = 'patient'::regclass",
  );
  return rows[0]?.owns === true;
};

/**
 * Indexes the attributes of a study that has grown large. Writers are not blocked, and what exists is left alone: call it
 * after an import, and again whenever. The embedded database reads a table of its size fast enough without.
 * @returns false where indexes are missing that this role may not make, not being the owner of the tables
 */
export const indexClinical = async (database: Database, studyId: number): Promise<boolean> => {
  if (database.kind === "embedded") return true;
  const statements = await missingIndexes(database, studyId);
  if (statements.length > 0 && !(await ownsPatients(database))) return false;
  // One after another: each reads the whole table, and other work needs the connections.
  for (const statement of statements) await database.query(statement);
  if (statements.length > 0) await database.query("ANALYZE patient");
  return true;
};
