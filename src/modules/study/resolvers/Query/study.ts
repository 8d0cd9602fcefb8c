import type { QueryResolvers } from "./../../../types.generated.ts";
export const study: NonNullable<QueryResolvers["study"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Query.study is not built yet.");
};
