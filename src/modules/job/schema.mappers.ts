import type { WorkerRow } from "../../queue/workers.ts";
import type { Job, JobFailure } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type JobMapper = Job;
export type WorkerMapper = WorkerRow;
export type JobFailureMapper = JobFailure;
export type JobConnectionMapper = Connection<Job>;
export type JobFailureConnectionMapper = Connection<JobFailure>;
