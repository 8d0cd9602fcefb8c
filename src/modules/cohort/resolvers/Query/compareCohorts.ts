import type { QueryResolvers } from "./../../../types.generated.ts";
export const compareCohorts: NonNullable<QueryResolvers["compareCohorts"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.compareCohorts resolver logic here */
};
