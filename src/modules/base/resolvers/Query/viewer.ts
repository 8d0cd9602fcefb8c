import type { QueryResolvers } from "./../../../types.generated.ts";
export const viewer: NonNullable<QueryResolvers["viewer"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.viewer is not built yet.");
};
