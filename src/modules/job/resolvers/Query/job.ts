import type { QueryResolvers } from "./../../../types.generated.ts";
export const job: NonNullable<QueryResolvers["job"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.job is not built yet.");
};
