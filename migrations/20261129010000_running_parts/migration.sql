-- Parts that run, of each parent: progress asks for them. The planner, whose statistics know nothing of ten thousand jobs that were
-- planned a second ago, would read all open ones of the kind.
CREATE INDEX job_running_part_idx ON job (parent_id) WHERE state = 'RUNNING';
