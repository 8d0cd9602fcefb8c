import type { QueryResolvers } from "../../../types.generated.ts";
import { listWorkers } from "../../job.service.ts";

export const workers: NonNullable<QueryResolvers["workers"]> = (_parent, _arguments, context) => listWorkers(context);
