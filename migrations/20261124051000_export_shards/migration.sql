-- The files of an export that are written so far, in order, so that a job that was interrupted goes on behind them.
ALTER TABLE export ADD COLUMN shards jsonb NOT NULL DEFAULT '[]';
