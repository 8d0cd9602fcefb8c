CREATE TYPE attribute_type AS ENUM ('NUMBER', 'CATEGORY', 'BOOLEAN', 'TEXT');
CREATE TYPE attribute_level AS ENUM ('PATIENT', 'SLIDE');

ALTER TABLE patient ADD COLUMN survival jsonb NOT NULL DEFAULT '{}';

CREATE TABLE attribute (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  key text NOT NULL,
  label text,
  type attribute_type NOT NULL,
  unit text,
  level attribute_level NOT NULL,
  categories text[] NOT NULL DEFAULT '{}',
  UNIQUE (study_id, key)
);

CREATE TABLE survival_endpoint (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  key text NOT NULL,
  label text,
  UNIQUE (study_id, key)
);

CREATE TABLE cohort (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  key text NOT NULL,
  name text NOT NULL,
  filter jsonb NOT NULL,
  is_frozen boolean NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (study_id, key)
);

CREATE TABLE cohort_patient (
  cohort_id int NOT NULL REFERENCES cohort ON DELETE CASCADE,
  patient_id int NOT NULL REFERENCES patient ON DELETE CASCADE,
  PRIMARY KEY (cohort_id, patient_id)
);
CREATE INDEX cohort_patient_patient_id_idx ON cohort_patient (patient_id);

CREATE TABLE upload (
  id uuid PRIMARY KEY,
  study_id int REFERENCES study ON DELETE CASCADE,
  name text NOT NULL,
  bytes bigint NOT NULL,
  sha256 text,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  received_at timestamptz(3)
);
CREATE INDEX upload_study_id_idx ON upload (study_id);
CREATE INDEX upload_expires_at_idx ON upload (expires_at);

-- Keys sort by code point, whatever the collation of the database, and the unique indexes give that order.
ALTER TABLE patient ALTER COLUMN key TYPE text COLLATE "C";
ALTER TABLE slide ALTER COLUMN key TYPE text COLLATE "C";
