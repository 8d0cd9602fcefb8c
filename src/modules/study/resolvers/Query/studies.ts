import type { QueryResolvers } from "./../../../types.generated.ts";
export const studies: NonNullable<QueryResolvers["studies"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.studies is not built yet.");
};
