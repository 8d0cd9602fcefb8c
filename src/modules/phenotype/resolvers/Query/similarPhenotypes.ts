import type { QueryResolvers } from "./../../../types.generated.ts";
export const similarPhenotypes: NonNullable<QueryResolvers["similarPhenotypes"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.similarPhenotypes resolver logic here */
};
