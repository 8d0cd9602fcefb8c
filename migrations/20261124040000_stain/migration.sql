-- What was found of a slide's staining, by which its pixels were brought to the target's before they were embedded.
ALTER TABLE slide_features ADD COLUMN stain jsonb;
