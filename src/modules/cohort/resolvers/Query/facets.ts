import type { QueryResolvers } from "./../../../types.generated.ts";
export const facets: NonNullable<QueryResolvers["facets"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.facets resolver logic here */
};
