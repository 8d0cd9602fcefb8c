import type { MutationResolvers } from "./../../../types.generated.ts";
export const namePhenotype: NonNullable<MutationResolvers["namePhenotype"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.namePhenotype resolver logic here */
};
