import type { Queryable } from "./database.ts";
import { type Condition, conditionSql, createParameters, type Parameters } from "./filterSql.ts";

/** A phenotype of a codebook whose clusters mean the same in all patients. */
export type PhenotypePlace = { codebookId: number; index: number };

/**
 * A join that gives the rows of `patient` a column `share`: a phenotype's share, 0 to 1, of the patches of the patient that
 * its codebook has assigned; null for a patient of whom it has none.
 */
export const shareJoinSql = (name: string, { codebookId, index }: PhenotypePlace, parameters: Parameters): string =>
  `LEFT JOIN (
     SELECT slide.patient_id, coalesce(sum(held.patches), 0)::float8 / sum(assigned.patches)::float8 AS share
     FROM codebook_slide AS assigned
     JOIN slide ON slide.id = assigned.slide_id
     LEFT JOIN phenotype_share AS held ON held.codebook_id = assigned.codebook_id AND held.slide_id = assigned.slide_id
       AND held.idx = ${parameters.add(index)}::int
     WHERE assigned.codebook_id = ${parameters.add(codebookId)}::int GROUP BY slide.patient_id
   ) AS ${name} ON ${name}.patient_id = patient.id`;

/**
 * A phenotype's share and the value of an attribute, for the patients that pass a condition and have both, in the order of
 * their keys.
 */
export const readSharesAndValues = async (
  client: Queryable,
  request: { studyId: number; patients: Condition; attribute: string; phenotype: PhenotypePlace },
): Promise<{ share: number; value: unknown }[]> => {
  const parameters = createParameters();
  const key = parameters.add(request.attribute);
  const join = shareJoinSql("held_share", request.phenotype, parameters);
  const { rows } = await client.query<{ share: number; value: unknown }>(
    `SELECT held_share.share, patient.clinical -> ${key}::text AS value FROM patient ${join}
     WHERE patient.study_id = ${parameters.add(request.studyId)}::int AND ${conditionSql(request.patients, "patient", parameters)}
       AND held_share.share IS NOT NULL AND patient.clinical -> ${key}::text IS NOT NULL
     ORDER BY patient.key`,
    parameters.values,
  );
  return rows;
};
