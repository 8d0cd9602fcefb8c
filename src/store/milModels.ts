import type { SourceSlide } from "./codebooks.ts";
import type { Queryable } from "./database.ts";

/** SQL of heads, their folds, and what they were trained on. */

/** What a bag was when a head was trained on it; `target` as it stands in the clinical document. */
export type TrainedBag = { patientId: number; slideId: number | null; target: unknown };

export type NewFold = {
  index: number;
  trainPatients: number;
  validationPatients: number;
  testPatients: number;
  epochs: unknown;
  bestEpoch: number;
  metrics: unknown;
};

export type NewMilModel = {
  studyId: number;
  key: string;
  architecture: string;
  task: object;
  unit: "PATIENT" | "SLIDE";
  featureSetId: number;
  codebookId: number | null;
  cohortId: number | null;
  parameters: object;
  card: object;
  metrics: unknown;
  baselines: unknown;
  onnxDigest: string;
  parametersDigest: string | null;
  digest: string;
  trust: "VERIFIED" | "DECLARED";
  software: object;
  folds: readonly NewFold[];
  bags: readonly TrainedBag[];
  slides: readonly SourceSlide[];
};

const json = (value: unknown): string => JSON.stringify(value);

/** A head with all that belongs to it but its scores. Inside a transaction. @returns its id; null where the key is taken */
export const insertMilModel = async (client: Queryable, model: NewMilModel): Promise<number | null> => {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO mil_model (study_id, key, architecture, task, unit, feature_set_id, codebook_id, cohort_id, bags, slides,
       parameters, card, metrics, baselines, onnx_digest, parameters_digest, digest, trust, software)
     VALUES ($1, $2, $3::mil_architecture, $4::jsonb, $5::mil_unit, $6, (SELECT id FROM codebook WHERE id = $7),
       (SELECT id FROM cohort WHERE id = $8), $9, $10, $11::jsonb, $12::jsonb, $13::jsonb, $14::jsonb, $15, $16, $17,
       $18::trust, $19::jsonb)
     ON CONFLICT (study_id, key) DO NOTHING RETURNING id`,
    [
      model.studyId,
      model.key,
      model.architecture,
      json(model.task),
      model.unit,
      model.featureSetId,
      model.codebookId,
      model.cohortId,
      model.bags.length,
      model.slides.length,
      json(model.parameters),
      json(model.card),
      json(model.metrics),
      json(model.baselines),
      model.onnxDigest,
      model.parametersDigest,
      model.digest,
      model.trust,
      json(model.software),
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) return null;
  await client.query(
    `INSERT INTO mil_fold (model_id, idx, train_patients, validation_patients, test_patients, epochs, best_epoch, metrics)
     SELECT $1::int, row."index", row."trainPatients", row."validationPatients", row."testPatients", row.epochs,
       row."bestEpoch", row.metrics
     FROM jsonb_to_recordset($2::jsonb) AS row ("index" int, "trainPatients" int, "validationPatients" int,
       "testPatients" int, epochs jsonb, "bestEpoch" int, metrics jsonb)`,
    [id, json(model.folds)],
  );
  await client.query(
    `INSERT INTO mil_model_bag (model_id, patient_id, slide_id, target)
     SELECT $1::int, row."patientId", row."slideId", row.target
     FROM jsonb_to_recordset($2::jsonb) AS row ("patientId" int, "slideId" int, target jsonb)`,
    [id, json(model.bags)],
  );
  await client.query(
    `INSERT INTO mil_model_slide (model_id, slide_id, grid_id, patches, completed_at)
     SELECT $1::int, row."slideId", row."gridId", row.patches, row."completedAt"
     FROM jsonb_to_recordset($2::jsonb) AS row ("slideId" int, "gridId" int, patches int, "completedAt" timestamptz)`,
    [id, json(model.slides)],
  );
  return id;
};

/** What has become of that which a head was trained on. */
export type MilModelState = {
  /** Slides whose vectors are other ones now, or gone. */
  changedSlides: number;
  /** Patients or slides whose label is another one now, or that are gone. */
  changedBags: number;
};

/** Where today's label of a bag stands, as SQL over `model`, `patient` and `slide`. */
const TODAYS_TARGET = `CASE
    WHEN model.task ->> 'kind' = 'SURVIVAL' THEN patient.survival -> (model.task ->> 'endpoint')
    WHEN model.task ->> 'level' = 'SLIDE' THEN slide.clinical -> (model.task ->> 'attribute')
    ELSE patient.clinical -> (model.task ->> 'attribute') END`;

const SAME_VECTORS = `features.grid_id = used.grid_id AND features.vectors = used.patches
  AND features.completed_at IS NOT DISTINCT FROM used.completed_at`;

/** States in the order asked. */
export const readMilModelStates = async (client: Queryable, modelIds: readonly number[]): Promise<MilModelState[]> => {
  const { rows } = await client.query<MilModelState & { id: number }>(
    `SELECT model.id,
       model.slides - (SELECT count(*) FROM mil_model_slide AS used
         JOIN slide_features AS features ON features.slide_id = used.slide_id
           AND features.feature_set_id = model.feature_set_id AND ${SAME_VECTORS}
         WHERE used.model_id = model.id)::int AS "changedSlides",
       model.bags - (SELECT count(*) FROM mil_model_bag AS bag
         JOIN patient ON patient.id = bag.patient_id LEFT JOIN slide ON slide.id = bag.slide_id
         WHERE bag.model_id = model.id AND bag.target IS NOT DISTINCT FROM ${TODAYS_TARGET})::int AS "changedBags"
     FROM mil_model AS model WHERE model.id = ANY($1::int[])`,
    [modelIds],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return modelIds.map((id) => byId.get(id) ?? { changedSlides: 0, changedBags: 0 });
};

/** Patients that a head was trained on. */
export const readTrainedPatients = async (client: Queryable, modelId: number): Promise<Set<number>> => {
  const { rows } = await client.query<{ id: number }>(
    "SELECT DISTINCT patient_id AS id FROM mil_model_bag WHERE model_id = $1",
    [modelId],
  );
  return new Set(rows.map(({ id }) => id));
};

/** The newest job that trains a head of this key and may still do something. */
export const findOpenTraining = async (
  client: Queryable,
  studyId: number,
  key: string,
): Promise<{ id: string; plan: string | null } | null> => {
  const { rows } = await client.query<{ id: string; plan: string | null }>(
    `SELECT id, payload ->> 'plan' AS plan FROM job WHERE kind = 'TRAIN' AND study_id = $1
       AND payload -> 'input' ->> 'key' = $2 AND state IN ('QUEUED', 'RUNNING') ORDER BY created_at DESC LIMIT 1`,
    [studyId, key],
  );
  return rows[0] ?? null;
};

export const setJobResult = (client: Queryable, jobId: string, modelId: number) =>
  client.query("UPDATE job SET result_id = $2 WHERE id = $1", [jobId, String(modelId)]);

/** One run of a training (the head, or a baseline) as it stands: finished folds, and the last epoch of the one under way. */
export type Checkpoints = { finished: Buffer[]; underWay: Buffer | null };

export const readCheckpoints = async (client: Queryable, jobId: string, run: string): Promise<Checkpoints> => {
  const { rows } = await client.query<{ is_finished: boolean; bytes: Buffer }>(
    "SELECT is_finished, bytes FROM mil_checkpoint WHERE job_id = $1 AND run = $2 ORDER BY fold",
    [jobId, run],
  );
  return {
    finished: rows.filter((row) => row.is_finished).map(({ bytes }) => bytes),
    underWay: rows.find((row) => !row.is_finished)?.bytes ?? null,
  };
};

/** Replaces what there is of the fold. */
export const writeCheckpoint = (
  client: Queryable,
  place: { jobId: string; run: string; fold: number; isFinished: boolean },
  bytes: Uint8Array,
) =>
  client.query(
    `INSERT INTO mil_checkpoint (job_id, run, fold, is_finished, bytes) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (job_id, run, fold) DO UPDATE SET is_finished = excluded.is_finished, bytes = excluded.bytes`,
    [place.jobId, place.run, place.fold, place.isFinished, Buffer.from(bytes)],
  );

export const deleteCheckpoints = (client: Queryable, jobId: string) =>
  client.query("DELETE FROM mil_checkpoint WHERE job_id = $1", [jobId]);
