import type { QueryResolvers } from "./../../../types.generated.ts";
export const encoders: NonNullable<QueryResolvers["encoders"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.encoders is not built yet.");
};
