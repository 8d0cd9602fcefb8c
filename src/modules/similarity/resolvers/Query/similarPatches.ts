import type { QueryResolvers } from "./../../../types.generated.ts";
export const similarPatches: NonNullable<QueryResolvers["similarPatches"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.similarPatches is not built yet.");
};
