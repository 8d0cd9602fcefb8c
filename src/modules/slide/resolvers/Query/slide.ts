import type { QueryResolvers } from "./../../../types.generated.ts";
export const slide: NonNullable<QueryResolvers["slide"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.slide is not built yet.");
};
