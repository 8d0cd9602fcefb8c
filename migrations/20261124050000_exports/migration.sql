CREATE TYPE export_format AS ENUM ('ARROW_STREAM', 'PARQUET', 'TRIDENT_H5', 'CLAM_H5');
CREATE TYPE export_precision AS ENUM ('FLOAT32', 'FLOAT16');

-- Who took which vectors out, and when: what an address of the bulk lane stands for, and the record of it afterwards. It
-- outlives what it names, hence the keys beside the references.
CREATE TABLE export (
  id uuid PRIMARY KEY,
  study_id int REFERENCES study ON DELETE SET NULL,
  study_key text NOT NULL,
  feature_set_id int REFERENCES feature_set ON DELETE SET NULL,
  feature_set_key text NOT NULL,
  format export_format NOT NULL,
  precision export_precision NOT NULL,
  -- As it was asked for.
  input jsonb NOT NULL,
  -- What that came to when it was authorised: columns, conditions on single patches, and the slides' grids.
  selection jsonb NOT NULL,
  grid_ids int[] NOT NULL,
  rows int NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  -- How often its address was read, and when for the last time.
  reads int NOT NULL DEFAULT 0,
  last_read_at timestamptz(3),
  job_id uuid REFERENCES job ON DELETE SET NULL,
  -- Of the list of files, once they are written.
  manifest_digest text
);
CREATE INDEX export_study_id_idx ON export (study_id);
CREATE INDEX export_feature_set_id_idx ON export (feature_set_id);
CREATE INDEX export_job_id_idx ON export (job_id);
