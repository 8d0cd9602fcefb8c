-- Grids of imported features: their patches lie where a file says, so a cell is a row of the file and not a place.
ALTER TABLE patch_grid ADD COLUMN trust trust NOT NULL DEFAULT 'VERIFIED';
-- What the file said, as it said it.
ALTER TABLE patch_grid ADD COLUMN declared jsonb NOT NULL DEFAULT '{}';
ALTER TABLE patch_grid ALTER COLUMN step_x DROP NOT NULL;
ALTER TABLE patch_grid ALTER COLUMN step_y DROP NOT NULL;
ALTER TABLE patch_grid ALTER COLUMN mask_digest DROP NOT NULL;

-- SHA-256 of an imported slide's vectors as they are stored, so that the same file again changes nothing.
ALTER TABLE slide_features ADD COLUMN vectors_digest text;
