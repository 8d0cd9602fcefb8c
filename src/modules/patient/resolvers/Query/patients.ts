import type { QueryResolvers } from "./../../../types.generated.ts";
export const patients: NonNullable<QueryResolvers["patients"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.patients is not built yet.");
};
