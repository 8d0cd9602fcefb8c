import type { MutationResolvers } from "./../../../types.generated.ts";
export const importMilModel: NonNullable<MutationResolvers["importMilModel"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.importMilModel resolver logic here */
};
