-- What the vectors of a slide come to, for searches that compare whole slides, patients and cohorts: made once when the slide
-- is embedded, and again when `made_of` tells that its vectors are others by now.
CREATE TABLE features.slide_summary (
  feature_set_id int NOT NULL REFERENCES feature_set ON DELETE CASCADE,
  slide_id int NOT NULL REFERENCES slide ON DELETE CASCADE,
  made_of text NOT NULL,
  -- Sum of the unit vectors: its direction is their mean's, and sums of several slides add up.
  total vector NOT NULL,
  mosaic_patch_ids bigint[] NOT NULL,
  -- halfvec_send of each of these patches' vectors, end to end.
  mosaic bytea NOT NULL,
  PRIMARY KEY (feature_set_id, slide_id)
);
CREATE INDEX slide_summary_slide_id_idx ON features.slide_summary (slide_id);
-- Half-precision numbers hardly compress.
ALTER TABLE features.slide_summary ALTER COLUMN mosaic SET STORAGE EXTERNAL;

-- The state of a slide's vectors in a feature set that a summary was made of; null until they are complete.
CREATE FUNCTION features.vectors_state(features slide_features) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN features.is_complete AND features.vectors > 0
    THEN concat_ws('/', features.grid_id, features.vectors, extract(epoch FROM features.completed_at)) END
$$;
