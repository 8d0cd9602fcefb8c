import type { QueryResolvers } from "./../../../types.generated.ts";
export const jobs: NonNullable<QueryResolvers["jobs"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.jobs is not built yet.");
};
