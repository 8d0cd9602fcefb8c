import type { Queryable } from "./database.ts";
import { type Condition, conditionSql, createParameters } from "./filterSql.ts";

export type SurvivalRequest = {
  studyId: number;
  patients: Condition;
  endpoint: string;
  /** Keys of patients' attributes. */
  attributes: readonly string[];
  /** Sets of patients whose members are to be told. */
  sets: readonly Condition[];
};

export type SurvivalValues = {
  /** `[days, event]`, or null where the endpoint is not known. */
  survival: [number, boolean] | null;
  /** In the order of `attributes`; null where missing. */
  values: unknown[];
  /** In the order of `sets`. */
  isMember: boolean[];
};

/**
 * One endpoint and some clinical values of patients, in one statement: no more of the documents leaves the database than
 * is asked for.
 */
export const readSurvivalValues = async (client: Queryable, request: SurvivalRequest): Promise<SurvivalValues[]> => {
  const parameters = createParameters();
  const attributes = request.attributes.map((key) => `patient.clinical -> ${parameters.add(key)}::text`);
  const sets = request.sets.map((set) => `coalesce(${conditionSql(set, "patient", parameters)}, false)`);
  const columns = [
    `patient.survival -> ${parameters.add(request.endpoint)}::text AS survival`,
    ...attributes.map((sql, index) => `${sql} AS v${index}`),
    ...sets.map((sql, index) => `${sql} AS s${index}`),
  ];
  const { rows } = await client.query<
    { survival: [number, boolean] | null } & Record<`v${number}`, unknown> & Record<`s${number}`, boolean>
  >(
    `SELECT ${columns.join(", ")} FROM patient
     WHERE patient.study_id = ${parameters.add(request.studyId)}::int AND ${conditionSql(request.patients, "patient", parameters)}
     ORDER BY patient.id`,
    parameters.values,
  );
  return rows.map((row) => ({
    survival: row.survival,
    values: attributes.map((_sql, index) => row[`v${index}`] ?? null),
    isMember: sets.map((_sql, index) => row[`s${index}`] === true),
  }));
};
