import type { Queryable } from "./database.ts";
import { type Condition, conditionSql, createParameters } from "./filterSql.ts";
import { riskJoinSql } from "./milScores.ts";
import { type PhenotypePlace, shareJoinSql } from "./patientShares.ts";

export type SurvivalRequest = {
  studyId: number;
  patients: Condition;
  endpoint: string;
  /** Keys of patients' attributes. */
  attributes: readonly string[];
  /** Sets of patients whose members are to be told. */
  sets: readonly Condition[];
  /** Phenotypes whose share of each patient is to be told. */
  phenotypes: readonly PhenotypePlace[];
  /** Ids of models whose risk of each patient is to be told. */
  models: readonly number[];
};

/**
 * `v0`, `v1`, …: the values of `attributes`, null where missing; `s0`, `s1`, …: whether the patient is in each of `sets`;
 * `p0`, `p1`, …: shares of `phenotypes`, 0 to 1, null where the codebook has none of the patient's patches;
 * `r0`, `r1`, …: risks by `models`, null where there is none that may be looked at; `t0`, `t1`, …: whether that is because the
 * model was trained on the patient.
 */
export type SurvivalRow = {
  /** `[days, event]`, or null where the endpoint is not known. */
  survival: [number, boolean] | null;
} & {
  readonly [value: `v${number}`]: unknown;
  readonly [set: `s${number}`]: boolean;
  readonly [share: `p${number}`]: number | null;
} & {
  readonly [risk: `r${number}`]: number | null;
  readonly [trained: `t${number}`]: boolean | null;
};

/**
 * One endpoint and some clinical values of patients, in one statement: no more of the documents leaves the database than
 * is asked for.
 */
export const readSurvivalValues = async (client: Queryable, request: SurvivalRequest): Promise<SurvivalRow[]> => {
  const parameters = createParameters();
  const columns = [
    `patient.survival -> ${parameters.add(request.endpoint)}::text AS survival`,
    ...request.attributes.map((key, index) => `patient.clinical -> ${parameters.add(key)}::text AS v${index}`),
    ...request.sets.map((set, index) => `coalesce(${conditionSql(set, "patient", parameters)}, false) AS s${index}`),
    ...request.phenotypes.map((_, index) => `share_${index}.share AS p${index}`),
    ...request.models.map((_, index) => `risk_${index}.risk AS r${index}, risk_${index}.is_trained AS t${index}`),
  ];
  const joins = [
    ...request.phenotypes.map((phenotype, index) => shareJoinSql(`share_${index}`, phenotype, parameters)),
    ...request.models.map((model, index) => riskJoinSql(`risk_${index}`, model, parameters)),
  ];
  const { rows } = await client.query<SurvivalRow>(
    `SELECT ${columns.join(", ")} FROM patient ${joins.join(" ")}
     WHERE patient.study_id = ${parameters.add(request.studyId)}::int AND ${conditionSql(request.patients, "patient", parameters)}
     ORDER BY patient.id`,
    parameters.values,
  );
  return rows;
};
