import type { QueryResolvers } from "./../../../types.generated.ts";
export const slides: NonNullable<QueryResolvers["slides"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.slides is not built yet.");
};
