import type { QueryResolvers } from "./../../../types.generated.ts";
export const encoder: NonNullable<QueryResolvers["encoder"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.encoder is not built yet.");
};
