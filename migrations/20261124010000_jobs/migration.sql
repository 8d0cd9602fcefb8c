-- Jobs that wait for others, that are more or less urgent, and that are tried again after a while.
ALTER TABLE job
  ADD COLUMN priority int NOT NULL DEFAULT 0,
  -- Jobs that must have succeeded before this one may begin, and have not.
  ADD COLUMN waiting_for int NOT NULL DEFAULT 0,
  -- Not to be begun before.
  ADD COLUMN start_after timestamptz(3),
  -- Attempts in a row that came no further: the worker died, or something unforeseen happened.
  ADD COLUMN setbacks int NOT NULL DEFAULT 0,
  -- Of a parent: what its finished children have done together, in their unit.
  ADD COLUMN parts_done bigint NOT NULL DEFAULT 0,
  -- The message that announces it to workers.
  ADD COLUMN message_id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- Who works at it, or did last.
  ADD COLUMN worker_id uuid;

CREATE INDEX job_asked_idx ON job (created_at DESC, id DESC) WHERE parent_id IS NULL;
CREATE INDEX job_asked_result_id_idx ON job (result_id, created_at) WHERE parent_id IS NULL;
CREATE INDEX job_parent_id_created_at_idx ON job (parent_id, created_at, id);
CREATE INDEX job_open_idx ON job (kind, result_id, slide_id) WHERE state IN ('QUEUED', 'RUNNING');

CREATE TABLE job_dependency (
  job_id uuid NOT NULL REFERENCES job ON DELETE CASCADE,
  needs_id uuid NOT NULL REFERENCES job ON DELETE CASCADE,
  PRIMARY KEY (job_id, needs_id)
);
CREATE INDEX job_dependency_needs_id_idx ON job_dependency (needs_id);

-- The failed job for whose sake this one failed.
ALTER TABLE job_failure ADD COLUMN cause_id uuid REFERENCES job ON DELETE SET NULL;
CREATE INDEX job_failure_cause_id_idx ON job_failure (cause_id) WHERE cause_id IS NOT NULL;

CREATE TYPE worker_state AS ENUM ('WORKING', 'DRAINING', 'STOPPED');

-- Processes that take jobs. They name no host.
CREATE TABLE worker (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  kinds text[] NOT NULL,
  devices text[] NOT NULL,
  concurrency int NOT NULL,
  lease_seconds double precision NOT NULL,
  state worker_state NOT NULL DEFAULT 'WORKING',
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  heartbeat_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX worker_heartbeat_at_idx ON worker (heartbeat_at);

-- The version of HistoQL that this database belongs to; one row.
CREATE TABLE installation (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  version text NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
