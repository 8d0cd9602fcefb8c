-- pgvector is created where the role may do so; on a server where a DBA has installed it this is a no-op.
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TYPE stain AS ENUM ('HE', 'IHC', 'FLUORESCENCE', 'OTHER', 'UNKNOWN');
CREATE TYPE tissue_method AS ENUM ('OTSU', 'FIXED', 'DARKFIELD', 'NONE');
CREATE TYPE feature_level AS ENUM ('PATCH', 'SLIDE', 'PATIENT');
CREATE TYPE trust AS ENUM ('VERIFIED', 'DECLARED');
CREATE TYPE job_kind AS ENUM ('INGEST', 'TILE', 'EMBED', 'CODEBOOK', 'TRAIN', 'SCORE', 'IMPORT', 'EXPORT', 'INDEX');
CREATE TYPE job_state AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTLY_FAILED', 'FAILED', 'CANCELLED');

CREATE TABLE study (
  id serial PRIMARY KEY,
  key text NOT NULL UNIQUE,
  name text NOT NULL,
  description text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE patient (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  key text NOT NULL,
  clinical jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (study_id, key)
);

CREATE TABLE slide (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  patient_id int NOT NULL REFERENCES patient ON DELETE CASCADE,
  key text NOT NULL,
  specimen text,
  stain stain NOT NULL DEFAULT 'UNKNOWN',
  clinical jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (study_id, key)
);
CREATE INDEX slide_patient_id_idx ON slide (patient_id);

CREATE TABLE slide_image (
  slide_id int PRIMARY KEY REFERENCES slide ON DELETE CASCADE,
  path text NOT NULL,
  bytes bigint NOT NULL,
  backend text NOT NULL,
  vendor text,
  width_pixels int NOT NULL,
  height_pixels int NOT NULL,
  levels int NOT NULL,
  microns_per_pixel_x double precision,
  microns_per_pixel_y double precision,
  resolution_source text,
  bounds jsonb,
  checksum text NOT NULL,
  properties jsonb NOT NULL DEFAULT '{}',
  registered_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE patch_grid (
  id serial PRIMARY KEY,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  digest text NOT NULL,
  patch_size int NOT NULL,
  microns_per_pixel double precision NOT NULL,
  overlap int NOT NULL,
  min_tissue double precision NOT NULL,
  tissue tissue_method NOT NULL,
  slide_checksum text NOT NULL,
  microns_per_pixel_x double precision NOT NULL,
  microns_per_pixel_y double precision NOT NULL,
  columns int NOT NULL,
  rows int NOT NULL,
  step_x double precision NOT NULL,
  step_y double precision NOT NULL,
  size_x int NOT NULL,
  size_y int NOT NULL,
  patches int NOT NULL,
  tissue_share double precision NOT NULL,
  mask_digest text NOT NULL,
  software jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (slide_id, digest)
);

CREATE TABLE encoder (
  id serial PRIMARY KEY,
  key text NOT NULL UNIQUE,
  name text NOT NULL,
  dims int NOT NULL,
  input_pixels int NOT NULL,
  microns_per_pixel double precision,
  digest text,
  model_digest text,
  model_bytes int,
  card jsonb,
  licence text,
  citation text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE feature_set (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  key text NOT NULL,
  encoder_id int NOT NULL REFERENCES encoder,
  level feature_level NOT NULL DEFAULT 'PATCH',
  patch_size int NOT NULL,
  microns_per_pixel double precision NOT NULL,
  overlap int NOT NULL,
  min_tissue double precision NOT NULL,
  tissue tissue_method NOT NULL,
  preprocessing jsonb NOT NULL,
  dims int NOT NULL,
  digest text NOT NULL,
  trust trust NOT NULL DEFAULT 'VERIFIED',
  software jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (study_id, key)
);
CREATE INDEX feature_set_encoder_id_idx ON feature_set (encoder_id);

CREATE TABLE slide_features (
  feature_set_id int NOT NULL REFERENCES feature_set ON DELETE CASCADE,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  grid_id int NOT NULL REFERENCES patch_grid ON DELETE CASCADE,
  vectors int NOT NULL DEFAULT 0,
  checkpoint int NOT NULL DEFAULT 0,
  is_complete boolean NOT NULL DEFAULT false,
  completed_at timestamptz(3),
  provider text,
  PRIMARY KEY (feature_set_id, slide_id)
);
CREATE INDEX slide_features_slide_id_idx ON slide_features (slide_id);
CREATE INDEX slide_features_grid_id_idx ON slide_features (grid_id);

CREATE TABLE job (
  id uuid PRIMARY KEY,
  kind job_kind NOT NULL,
  state job_state NOT NULL DEFAULT 'QUEUED',
  study_id int REFERENCES study ON DELETE CASCADE,
  parent_id uuid REFERENCES job ON DELETE CASCADE,
  slide_id int REFERENCES slide ON DELETE CASCADE,
  payload jsonb NOT NULL DEFAULT '{}',
  done int NOT NULL DEFAULT 0,
  total int,
  unit text NOT NULL DEFAULT 'patches',
  message text,
  attempts int NOT NULL DEFAULT 0,
  lease uuid,
  lease_until timestamptz(3),
  result_id text,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  done_before int NOT NULL DEFAULT 0
);
CREATE INDEX job_parent_id_state_idx ON job (parent_id, state);
CREATE INDEX job_study_id_created_at_idx ON job (study_id, created_at);
CREATE INDEX job_state_idx ON job (state);
CREATE INDEX job_slide_id_idx ON job (slide_id);

CREATE TABLE job_failure (
  id serial PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES job ON DELETE CASCADE,
  code text NOT NULL,
  message text NOT NULL,
  fix text,
  slide_id int REFERENCES slide ON DELETE CASCADE,
  patient_id int REFERENCES patient ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX job_failure_job_id_idx ON job_failure (job_id);
CREATE INDEX job_failure_slide_id_idx ON job_failure (slide_id);
CREATE INDEX job_failure_patient_id_idx ON job_failure (patient_id);

-- Patches and vectors: too many for an object mapper, so they have a schema of their own.
CREATE SCHEMA features;

-- id = patch_grid.id * 2^24 + cell; a grid's patches are one range of the primary key.
CREATE TABLE features.patch (
  id bigint PRIMARY KEY,
  x int NOT NULL,
  y int NOT NULL,
  tissue_share real NOT NULL,
  measurements jsonb
);

-- One table per feature set, so that each has its own dimension and index. The one place that makes such a table.
-- SECURITY DEFINER: the application role may call it without owning the schema.
CREATE FUNCTION features.create_vector_table(feature_set int, dims int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS features.vectors_%s (
    patch_id bigint PRIMARY KEY,
    slide_id int NOT NULL,
    patient_id int NOT NULL,
    v halfvec(%s) NOT NULL
  )', feature_set, dims);
  -- In the row itself where a page holds it: an exact scan then never detoasts (2 bytes a dimension, pages of 8 kB).
  IF dims <= 3900 THEN
    EXECUTE format('ALTER TABLE features.vectors_%s ALTER COLUMN v SET STORAGE PLAIN', feature_set);
  END IF;
  EXECUTE format('CREATE INDEX IF NOT EXISTS vectors_%s_slide_id_idx ON features.vectors_%s (slide_id)', feature_set, feature_set);
  EXECUTE format('CREATE INDEX IF NOT EXISTS vectors_%s_patient_id_idx ON features.vectors_%s (patient_id)', feature_set, feature_set);
END $$;

CREATE FUNCTION features.drop_vector_table(feature_set int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS features.vectors_%s', feature_set);
END $$;
