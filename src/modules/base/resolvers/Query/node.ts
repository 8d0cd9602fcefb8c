import type { QueryResolvers } from "./../../../types.generated.ts";
export const node: NonNullable<QueryResolvers["node"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.node is not built yet.");
};
