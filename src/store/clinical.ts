import type { Queryable } from "./database.ts";
import type { Attribute } from "./generated/client.ts";

/** Bulk reading and writing of clinical values. A chunk travels as one JSON text, which PostgreSQL takes apart. */

export type Level = "PATIENT" | "SLIDE";
export type UpsertCounts = { created: number; changed: number };

const TABLES: Record<Level, string> = { PATIENT: "patient", SLIDE: "slide" };

/**
 * Merges a chunk of patients into a study. A null removes what was known, an absent entry leaves it.
 * @param chunk JSON array of `{key, clinical, survival}`, each key once
 */
export const upsertPatients = async (client: Queryable, studyId: number, chunk: string): Promise<UpsertCounts> => {
  const { rows } = await client.query<UpsertCounts>(
    `WITH given AS (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS item(key text, clinical jsonb, survival jsonb)
     ), merged AS (
       SELECT given.key, known.id,
         jsonb_strip_nulls(coalesce(known.clinical, '{}') || given.clinical) AS clinical,
         jsonb_strip_nulls(coalesce(known.survival, '{}') || given.survival) AS survival
       FROM given LEFT JOIN patient AS known ON known.study_id = $1 AND known.key = given.key
     ), inserted AS (
       INSERT INTO patient (study_id, key, clinical, survival)
       SELECT $1, key, clinical, survival FROM merged WHERE id IS NULL
       ON CONFLICT (study_id, key) DO UPDATE
         SET clinical = patient.clinical || excluded.clinical, survival = patient.survival || excluded.survival
       RETURNING 1
     ), updated AS (
       UPDATE patient SET clinical = merged.clinical, survival = merged.survival FROM merged
       WHERE patient.id = merged.id AND (patient.clinical <> merged.clinical OR patient.survival <> merged.survival)
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM inserted) AS created, (SELECT count(*) FROM updated) AS changed`,
    [studyId, chunk],
  );
  return rows[0] ?? { created: 0, changed: 0 };
};

/** A slide that belongs to another patient than the table says. */
export type SlideConflict = { key: string; patient: string; known: string };

/**
 * Merges a chunk of slides into a study; their patients must be there. A slide of another patient is left as it is.
 * @param chunk JSON array of `{key, patient, clinical}`, each key once
 */
export const upsertSlides = async (
  client: Queryable,
  studyId: number,
  chunk: string,
): Promise<UpsertCounts & { conflicts: SlideConflict[] }> => {
  const { rows } = await client.query<UpsertCounts & { conflicts: SlideConflict[] }>(
    `WITH merged AS (
       SELECT given.key, owner.id AS patient_id, given.patient, known.id, known.patient_id AS known_patient_id,
         jsonb_strip_nulls(coalesce(known.clinical, '{}') || given.clinical) AS clinical
       FROM jsonb_to_recordset($2::jsonb) AS given(key text, patient text, clinical jsonb)
       JOIN patient AS owner ON owner.study_id = $1 AND owner.key = given.patient
       LEFT JOIN slide AS known ON known.study_id = $1 AND known.key = given.key
     ), inserted AS (
       INSERT INTO slide (study_id, patient_id, key, clinical)
       SELECT $1, patient_id, key, clinical FROM merged WHERE id IS NULL
       ON CONFLICT (study_id, key) DO NOTHING
       RETURNING 1
     ), updated AS (
       UPDATE slide SET clinical = merged.clinical FROM merged
       WHERE slide.id = merged.id AND merged.known_patient_id = merged.patient_id AND slide.clinical <> merged.clinical
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM inserted) AS created, (SELECT count(*) FROM updated) AS changed,
       coalesce((
         SELECT jsonb_agg(jsonb_build_object('key', merged.key, 'patient', merged.patient, 'known', patient.key)
                          ORDER BY merged.key)
         FROM merged JOIN patient ON patient.id = merged.known_patient_id
         WHERE merged.known_patient_id <> merged.patient_id
       ), '[]') AS conflicts`,
    [studyId, chunk],
  );
  return rows[0] ?? { created: 0, changed: 0, conflicts: [] };
};

/** One import of a study at a time: two at once would count and merge against each other. Held until the transaction ends. */
export const lockStudy = async (client: Queryable, studyId: number): Promise<void> => {
  await client.query("SELECT id FROM study WHERE id = $1 FOR NO KEY UPDATE", [studyId]);
};

export type DictionaryEntry = {
  key: string;
  label: string | null;
  type: string;
  unit: string | null;
  level: Level;
  categories: readonly string[];
};

/** Adds attributes to the dictionary, or tells known ones their new label, unit and further categories. */
export const upsertAttributes = async (
  client: Queryable,
  studyId: number,
  entries: readonly DictionaryEntry[],
): Promise<void> => {
  await client.query(
    `INSERT INTO attribute (study_id, key, label, type, unit, level, categories)
     SELECT $1, key, label, type::attribute_type, unit, level::attribute_level, categories
     FROM jsonb_to_recordset($2::jsonb)
       AS entry(key text, label text, type text, unit text, level text, categories text[])
     ON CONFLICT (study_id, key) DO UPDATE SET
       label = coalesce(excluded.label, attribute.label),
       unit = coalesce(excluded.unit, attribute.unit),
       categories = ARRAY(
         SELECT DISTINCT value COLLATE "C" FROM unnest(attribute.categories || excluded.categories) AS value ORDER BY 1
       )`,
    [studyId, JSON.stringify(entries)],
  );
};

/** Attributes of a study in the order of `keys`, as a transaction sees them. */
export const readAttributes = async (
  client: Queryable,
  studyId: number,
  keys: readonly string[],
): Promise<Attribute[]> => {
  const { rows } = await client.query<Attribute>(
    `SELECT id, study_id AS "studyId", key, label, type::text, unit, level::text, categories
     FROM attribute WHERE study_id = $1 AND key = ANY($2) ORDER BY array_position($2::text[], key)`,
    [studyId, keys],
  );
  return rows;
};

export const upsertEndpoints = async (
  client: Queryable,
  studyId: number,
  endpoints: readonly { key: string; label: string | null }[],
): Promise<void> => {
  await client.query(
    `INSERT INTO survival_endpoint (study_id, key, label)
     SELECT $1, key, label FROM jsonb_to_recordset($2::jsonb) AS endpoint(key text, label text)
     ON CONFLICT (study_id, key) DO UPDATE SET label = coalesce(excluded.label, survival_endpoint.label)`,
    [studyId, JSON.stringify(endpoints)],
  );
};

/** Makes the categories of attributes those that occur: needed where an import has replaced values. */
export const refreshCategories = async (
  client: Queryable,
  studyId: number,
  level: Level,
  keys: readonly string[],
): Promise<void> => {
  await client.query(
    `WITH occurring AS (
       SELECT DISTINCT wanted.key, subject.clinical ->> wanted.key AS value
       FROM ${TABLES[level]} AS subject CROSS JOIN unnest($2::text[]) AS wanted(key) WHERE subject.study_id = $1
     )
     UPDATE attribute SET categories = ARRAY(
       SELECT value COLLATE "C" FROM occurring WHERE occurring.key = attribute.key AND value IS NOT NULL ORDER BY 1
     ) WHERE study_id = $1 AND key = ANY($2)`,
    [studyId, keys],
  );
};
