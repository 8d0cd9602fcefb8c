-- What makes a similarity search faster than comparing every vector, and the measurements that say when it may be used.
CREATE TYPE search_index_kind AS ENUM ('CLUSTERED', 'PARTITION', 'PARTIAL');
CREATE TYPE search_index_state AS ENUM ('BUILDING', 'READY');

CREATE TABLE search_index (
  id serial PRIMARY KEY,
  feature_set_id int NOT NULL REFERENCES feature_set ON DELETE CASCADE,
  kind search_index_kind NOT NULL,
  cohort_id int REFERENCES cohort ON DELETE CASCADE,
  state search_index_state NOT NULL DEFAULT 'BUILDING',
  -- What the table held when it was built, and when its recall was measured.
  vectors int NOT NULL DEFAULT 0,
  measured_vectors int NOT NULL DEFAULT 0,
  parameters jsonb NOT NULL DEFAULT '{}',
  calibration jsonb,
  built_at timestamptz(3),
  CHECK ((kind = 'PARTIAL') = (cohort_id IS NOT NULL)),
  CHECK (state = 'BUILDING' OR calibration IS NOT NULL)
);
CREATE INDEX search_index_feature_set_id_idx ON search_index (feature_set_id);
CREATE INDEX search_index_cohort_id_idx ON search_index (cohort_id);
-- One that answers; a new one takes its place in the transaction that removes the old.
CREATE UNIQUE INDEX search_index_ready_idx ON search_index (feature_set_id, kind, coalesce(cohort_id, 0)) WHERE state = 'READY';

-- The middles of the cells of CLUSTERED indexes.
CREATE TABLE features.search_centroid (
  search_index_id int NOT NULL REFERENCES search_index ON DELETE CASCADE,
  cell int NOT NULL,
  v halfvec NOT NULL,
  -- Mean cosine distance of the cell's vectors to its middle.
  spread real,
  PRIMARY KEY (search_index_id, cell)
);
-- In the row itself as far as a page holds it.
ALTER TABLE features.search_centroid ALTER COLUMN v SET STORAGE MAIN;

-- Which of a slide's vectors lie in which cells of a CLUSTERED index. A slide that is not here, or has changed since, is
-- compared row by row.
CREATE TABLE search_index_slide (
  search_index_id int NOT NULL REFERENCES search_index ON DELETE CASCADE,
  slide_id int NOT NULL,
  grid_id int NOT NULL,
  vectors int NOT NULL,
  cells int[] NOT NULL,
  counts int[] NOT NULL,
  PRIMARY KEY (search_index_id, slide_id)
);

-- How often a search among a frozen cohort had to compare all of its vectors.
CREATE TABLE search_demand (
  feature_set_id int NOT NULL REFERENCES feature_set ON DELETE CASCADE,
  cohort_id int NOT NULL REFERENCES cohort ON DELETE CASCADE,
  searches int NOT NULL DEFAULT 0,
  PRIMARY KEY (feature_set_id, cohort_id)
);
CREATE INDEX search_demand_cohort_id_idx ON search_demand (cohort_id);

-- The tables and indexes themselves. SECURITY DEFINER: the application role may have them made without owning anything.
-- Every name is qualified, pgvector's with the schema that it was installed in.
CREATE FUNCTION features.create_cells(search_index int, feature_set int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS features.cells_%s, features.cells_%s_staging', search_index, search_index);
  EXECUTE format('CREATE TABLE features.cells_%s (LIKE features.vectors_%s INCLUDING STORAGE, cell int NOT NULL)', search_index, feature_set);
  EXECUTE format('CREATE UNLOGGED TABLE features.cells_%s_staging (patch_id bigint NOT NULL, cell int NOT NULL)', search_index);
END $$;

-- A copy of the vectors in the order of their cells, so that a cell is read in one stretch.
CREATE FUNCTION features.fill_cells(search_index int, feature_set int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  EXECUTE format('INSERT INTO features.cells_%s (patch_id, slide_id, patient_id, v, cell)
    SELECT source.patch_id, source.slide_id, source.patient_id, source.v, staging.cell
    FROM features.cells_%s_staging AS staging JOIN features.vectors_%s AS source USING (patch_id)
    ORDER BY staging.cell, source.patient_id, source.slide_id', search_index, search_index, feature_set);
  EXECUTE format('CREATE INDEX cells_%s_cell_idx ON features.cells_%s (cell)', search_index, search_index);
  EXECUTE format('DROP TABLE features.cells_%s_staging', search_index);
  EXECUTE format('ANALYZE features.cells_%s', search_index);
END $$;

-- HNSW over cosine distance. Over the rows of some patients it stands on an expression that no other index has, so that a
-- search can never be answered from the index of other rows. Memory for the graph: up to what the server caches in, or what
-- the DBA has set.
CREATE FUNCTION features.create_hnsw(search_index int, feature_set int, dims int, patients int[], memory_kb bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  extension text;
  expression text := 'v';
  predicate text := '';
  cached_kb bigint := pg_size_bytes(current_setting('shared_buffers')) / 1024;
  allowed_kb bigint := pg_size_bytes(current_setting('maintenance_work_mem')) / 1024;
BEGIN
  SELECT quote_ident(nspname) INTO STRICT extension
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector';
  IF patients IS NOT NULL THEN
    expression := format('(%s.subvector(v, 1, %s)::%s.halfvec(%s))', extension, dims, extension, dims);
    predicate := format('WHERE patient_id = ANY (%L::int[])', patients);
  END IF;
  PERFORM set_config('maintenance_work_mem', greatest(allowed_kb, least(memory_kb, cached_kb, 2097151)) || 'kB', true);
  EXECUTE format('DROP INDEX IF EXISTS features.hnsw_%s', search_index);
  EXECUTE format('CREATE INDEX hnsw_%s ON features.vectors_%s USING hnsw (%s %s.halfvec_cosine_ops) %s',
    search_index, feature_set, expression, extension, predicate);
  PERFORM set_config('maintenance_work_mem', allowed_kb || 'kB', true);
END $$;

-- Takes away what a row of search_index names, whatever removes the row.
CREATE FUNCTION features.drop_search_index() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS features.cells_%s, features.cells_%s_staging', OLD.id, OLD.id);
  EXECUTE format('DROP INDEX IF EXISTS features.hnsw_%s', OLD.id);
  RETURN NULL;
END $$;
CREATE TRIGGER drop_search_index AFTER DELETE ON search_index
  FOR EACH ROW EXECUTE FUNCTION features.drop_search_index();

-- Patients that come into a cohort or leave it end its index.
CREATE FUNCTION features.end_cohort_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM search_index WHERE cohort_id IN (SELECT cohort_id FROM changed);
  DELETE FROM search_demand WHERE cohort_id IN (SELECT cohort_id FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER end_cohort_index_of_new AFTER INSERT ON cohort_patient
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION features.end_cohort_index();
CREATE TRIGGER end_cohort_index_of_old AFTER DELETE ON cohort_patient
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION features.end_cohort_index();
