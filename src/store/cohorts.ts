import type { Queryable } from "./database.ts";
import type { Condition } from "./filterSql.ts";
import { readIds } from "./pages.ts";

export type CohortRow = { studyId: number; key: string; name: string; filter: object; isFrozen: boolean };

/**
 * Writes a cohort over the one of the same key, and the patients of a frozen one as they are now. Inside a transaction.
 * @returns the cohort's id
 */
export const writeCohort = async (client: Queryable, cohort: CohortRow, condition: Condition): Promise<number> => {
  const { studyId, key, name, filter, isFrozen } = cohort;
  // Read before anything is written: a frozen cohort may be made from the one that it replaces.
  const patients = isFrozen ? await readIds(client, "patient", studyId, condition) : [];
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO cohort (study_id, key, name, filter, is_frozen) VALUES ($1, $2, $3, $4::jsonb, $5)
     ON CONFLICT (study_id, key) DO UPDATE SET name = excluded.name, filter = excluded.filter, is_frozen = excluded.is_frozen
     RETURNING id`,
    [studyId, key, name, JSON.stringify(filter), isFrozen],
  );
  const { id } = rows[0] as { id: number };
  await client.query("DELETE FROM cohort_patient WHERE cohort_id = $1", [id]);
  await client.query(
    "INSERT INTO cohort_patient (cohort_id, patient_id) SELECT $1, patient_id FROM unnest($2::int[]) AS member (patient_id)",
    [id, patients],
  );
  return id;
};
