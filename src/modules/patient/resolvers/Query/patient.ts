import type { QueryResolvers } from "./../../../types.generated.ts";
export const patient: NonNullable<QueryResolvers["patient"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.patient is not built yet.");
};
