import type { QueryResolvers } from "../../../types.generated.ts";
import { findJob } from "../../job.service.ts";

export const job: NonNullable<QueryResolvers["job"]> = (_parent, { id }, context) => findJob(context, id);
