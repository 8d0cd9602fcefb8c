CREATE TYPE codebook_scope AS ENUM ('STUDY', 'COHORT', 'PATIENT');

-- One request for codebooks: one codebook, or with scope PATIENT one for each patient.
CREATE TABLE codebook_build (
  id serial PRIMARY KEY,
  study_id int NOT NULL REFERENCES study ON DELETE CASCADE,
  feature_set_id int NOT NULL REFERENCES feature_set ON DELETE CASCADE,
  scope codebook_scope NOT NULL,
  cohort_id int REFERENCES cohort ON DELETE SET NULL,
  clusters int NOT NULL,
  seed int NOT NULL,
  sample int,
  pca int,
  whiten boolean NOT NULL,
  parameters jsonb NOT NULL,
  parameters_digest text NOT NULL,
  key text NOT NULL,
  is_complete boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (feature_set_id, key)
);
CREATE INDEX codebook_build_study_id_idx ON codebook_build (study_id);
CREATE INDEX codebook_build_cohort_id_idx ON codebook_build (cohort_id);

CREATE TABLE codebook (
  id serial PRIMARY KEY,
  build_id int NOT NULL REFERENCES codebook_build ON DELETE CASCADE,
  patient_id int REFERENCES patient ON DELETE CASCADE,
  slides int NOT NULL,
  inertia double precision NOT NULL DEFAULT 0,
  silhouette double precision,
  explained_variance double precision[] NOT NULL DEFAULT '{}',
  projection bytea,
  digest text NOT NULL,
  software jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (build_id, patient_id)
);
CREATE INDEX codebook_patient_id_idx ON codebook (patient_id);

-- What was assigned, and as it was then: a codebook is stale when it differs from slide_features.
CREATE TABLE codebook_slide (
  build_id int NOT NULL REFERENCES codebook_build ON DELETE CASCADE,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  codebook_id int NOT NULL REFERENCES codebook ON DELETE CASCADE,
  grid_id int NOT NULL,
  patches int NOT NULL,
  completed_at timestamptz(3) NOT NULL,
  is_fitted boolean NOT NULL,
  PRIMARY KEY (build_id, slide_id)
);
CREATE INDEX codebook_slide_slide_id_idx ON codebook_slide (slide_id);
CREATE INDEX codebook_slide_codebook_id_idx ON codebook_slide (codebook_id);

CREATE TABLE phenotype (
  codebook_id int NOT NULL REFERENCES codebook ON DELETE CASCADE,
  idx int NOT NULL,
  name text,
  note text,
  size int NOT NULL,
  centroid bytea NOT NULL,
  fitted bytea,
  PRIMARY KEY (codebook_id, idx)
);

CREATE TABLE phenotype_share (
  codebook_id int NOT NULL,
  idx int NOT NULL,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  patches int NOT NULL,
  PRIMARY KEY (codebook_id, idx, slide_id),
  FOREIGN KEY (codebook_id, idx) REFERENCES phenotype ON DELETE CASCADE
);
CREATE INDEX phenotype_share_slide_id_idx ON phenotype_share (slide_id);

-- One table per build. The one place that makes such a table; SECURITY DEFINER as features.create_vector_table.
CREATE FUNCTION features.create_assignment_table(build int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS features.assignments_%s (
    patch_id bigint PRIMARY KEY,
    codebook_id int NOT NULL,
    slide_id int NOT NULL,
    distance real NOT NULL,
    phenotype smallint NOT NULL
  )', build);
  -- Serves filters by phenotype, and exemplars in order of their distance.
  EXECUTE format('CREATE INDEX IF NOT EXISTS assignments_%s_phenotype_idx
    ON features.assignments_%s (codebook_id, phenotype, distance, patch_id)', build, build);
  EXECUTE format('CREATE INDEX IF NOT EXISTS assignments_%s_slide_id_idx ON features.assignments_%s (slide_id)', build, build);
END $$;

CREATE FUNCTION features.drop_assignment_table(build int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS features.assignments_%s', build);
END $$;
