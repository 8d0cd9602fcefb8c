import type { MutationResolvers } from "./../../../types.generated.ts";
export const createUpload: NonNullable<MutationResolvers["createUpload"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.createUpload resolver logic here */
};
