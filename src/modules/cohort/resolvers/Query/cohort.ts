import type { QueryResolvers } from "./../../../types.generated.ts";
export const cohort: NonNullable<QueryResolvers["cohort"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.cohort resolver logic here */
};
