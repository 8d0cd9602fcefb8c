import type { QueryResolvers } from "./../../../types.generated.ts";
export const featureSet: NonNullable<QueryResolvers["featureSet"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.featureSet is not built yet.");
};
