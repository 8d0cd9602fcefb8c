import type { MutationResolvers } from "./../../../types.generated.ts";
export const scoreMilModel: NonNullable<MutationResolvers["scoreMilModel"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.scoreMilModel resolver logic here */
};
