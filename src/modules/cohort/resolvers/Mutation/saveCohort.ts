import type { MutationResolvers } from "./../../../types.generated.ts";
export const saveCohort: NonNullable<MutationResolvers["saveCohort"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.saveCohort resolver logic here */
};
