CREATE TYPE mil_architecture AS ENUM
  ('DEEP_ATTN_MISL', 'ABMIL', 'GATED_ABMIL', 'SELF_ATTENTION', 'MEAN_POOL', 'MAX_POOL', 'IMPORTED');
CREATE TYPE mil_unit AS ENUM ('PATIENT', 'SLIDE');

-- A finished head. What is still being trained lies in mil_checkpoint, so that nothing half-trained can be seen.
CREATE TABLE mil_model (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  key text COLLATE "C" NOT NULL,
  architecture mil_architecture NOT NULL,
  task jsonb NOT NULL,
  unit mil_unit NOT NULL,
  feature_set_id int NOT NULL REFERENCES feature_set ON DELETE CASCADE,
  codebook_id int REFERENCES codebook ON DELETE SET NULL,
  cohort_id int REFERENCES cohort ON DELETE SET NULL,
  bags int NOT NULL,
  slides int NOT NULL,
  parameters jsonb NOT NULL,
  card jsonb NOT NULL,
  metrics jsonb NOT NULL,
  baselines jsonb NOT NULL,
  onnx_digest text NOT NULL,
  parameters_digest text,
  digest text NOT NULL,
  trust trust NOT NULL,
  software jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (study_id, key)
);
CREATE INDEX mil_model_feature_set_id_idx ON mil_model (feature_set_id);
CREATE INDEX mil_model_codebook_id_idx ON mil_model (codebook_id);
CREATE INDEX mil_model_cohort_id_idx ON mil_model (cohort_id);

CREATE TABLE mil_fold (
  model_id int NOT NULL REFERENCES mil_model ON DELETE CASCADE,
  idx int NOT NULL,
  train_patients int NOT NULL,
  validation_patients int NOT NULL,
  test_patients int NOT NULL,
  epochs jsonb NOT NULL,
  best_epoch int NOT NULL,
  metrics jsonb NOT NULL,
  PRIMARY KEY (model_id, idx)
);

-- What a head was trained on, and as it was then: the model is stale when it differs from today's. `target` is the value in
-- the clinical document, so that it can be compared there.
CREATE TABLE mil_model_bag (
  model_id int NOT NULL REFERENCES mil_model ON DELETE CASCADE,
  patient_id int NOT NULL REFERENCES patient ON DELETE CASCADE,
  slide_id int REFERENCES slide ON DELETE CASCADE,
  target jsonb NOT NULL,
  UNIQUE NULLS NOT DISTINCT (model_id, patient_id, slide_id)
);
CREATE INDEX mil_model_bag_patient_id_idx ON mil_model_bag (patient_id);
CREATE INDEX mil_model_bag_slide_id_idx ON mil_model_bag (slide_id);

CREATE TABLE mil_model_slide (
  model_id int NOT NULL REFERENCES mil_model ON DELETE CASCADE,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  grid_id int NOT NULL,
  patches int NOT NULL,
  completed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (model_id, slide_id)
);
CREATE INDEX mil_model_slide_slide_id_idx ON mil_model_slide (slide_id);

CREATE TABLE mil_score (
  id serial PRIMARY KEY,
  model_id int NOT NULL REFERENCES mil_model ON DELETE CASCADE,
  patient_id int NOT NULL REFERENCES patient ON DELETE CASCADE,
  slide_id int REFERENCES slide ON DELETE CASCADE,
  fold int,
  is_out_of_fold boolean NOT NULL,
  risk double precision,
  centred_risk double precision,
  probabilities jsonb,
  survival jsonb,
  value double precision,
  patches int NOT NULL,
  slides int NOT NULL,
  attention_digest text,
  cluster_attention jsonb,
  digest text NOT NULL,
  software jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (model_id, patient_id, slide_id, fold)
);
CREATE INDEX mil_score_patient_id_idx ON mil_score (patient_id);
CREATE INDEX mil_score_slide_id_idx ON mil_score (slide_id);

-- The slides of a scored bag: the attention of its patches begins at `first`, in the order of their ids.
CREATE TABLE mil_score_slide (
  score_id int NOT NULL REFERENCES mil_score ON DELETE CASCADE,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  grid_id int NOT NULL,
  patches int NOT NULL,
  first int NOT NULL,
  completed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (score_id, slide_id)
);
CREATE INDEX mil_score_slide_slide_id_idx ON mil_score_slide (slide_id);

-- Where a training stands: finished folds, and the last epoch of the one under way.
CREATE TABLE mil_checkpoint (
  job_id uuid NOT NULL REFERENCES job ON DELETE CASCADE,
  run text NOT NULL,
  fold int NOT NULL,
  is_finished boolean NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (job_id, run, fold)
);
