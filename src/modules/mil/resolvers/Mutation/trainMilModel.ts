import type { MutationResolvers } from "./../../../types.generated.ts";
export const trainMilModel: NonNullable<MutationResolvers["trainMilModel"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.trainMilModel resolver logic here */
};
