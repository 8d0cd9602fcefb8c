import type { WorkerResolvers } from "../../types.generated.ts";

export const Worker: WorkerResolvers = {};
