import type { MutationResolvers } from "./../../../types.generated.ts";
export const buildCodebook: NonNullable<MutationResolvers["buildCodebook"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.buildCodebook resolver logic here */
};
