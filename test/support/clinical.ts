import type { World } from "./world.ts";

export type Values = Record<string, number | string | boolean>;

export type TestSlide = { key: string; stain: "HE" | "IHC" | "UNKNOWN"; clinical: Values };
export type TestPatient = { key: string; clinical: Values; slides: TestSlide[] };

export type TestAttribute = {
  key: string;
  type: "NUMBER" | "CATEGORY" | "BOOLEAN" | "TEXT";
  level?: "PATIENT" | "SLIDE";
};

/** A study with the given patients, written straight into the tables that an import writes. */
export const storeStudy = async (
  { app: { database } }: World,
  key: string,
  attributes: readonly TestAttribute[],
  patients: readonly TestPatient[],
): Promise<number> => {
  const { rows } = await database.query<{ id: number }>("INSERT INTO study (key, name) VALUES ($1, $1) RETURNING id", [
    key,
  ]);
  const { id } = rows[0] as { id: number };
  for (const attribute of attributes) {
    await database.query(
      "INSERT INTO attribute (study_id, key, type, level) VALUES ($1, $2, $3::attribute_type, $4::attribute_level)",
      [id, attribute.key, attribute.type, attribute.level ?? "PATIENT"],
    );
  }
  await database.query(
    `INSERT INTO patient (study_id, key, clinical)
     SELECT $1, item ->> 'key', item -> 'clinical' FROM jsonb_array_elements($2::jsonb) AS item`,
    [id, JSON.stringify(patients)],
  );
  await database.query(
    `INSERT INTO slide (study_id, patient_id, key, stain, clinical)
     SELECT $1, patient.id, slide ->> 'key', (slide ->> 'stain')::stain, slide -> 'clinical'
     FROM jsonb_array_elements($2::jsonb) AS item, jsonb_array_elements(item -> 'slides') AS slide, patient
     WHERE patient.study_id = $1 AND patient.key = item ->> 'key'`,
    [id, JSON.stringify(patients)],
  );
  return id;
};
