import type { QueryResolvers } from "./../../../types.generated.ts";
export const nodes: NonNullable<QueryResolvers["nodes"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.nodes is not built yet.");
};
