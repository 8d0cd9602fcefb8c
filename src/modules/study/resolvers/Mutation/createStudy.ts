import type { MutationResolvers } from "./../../../types.generated.ts";
export const createStudy: NonNullable<MutationResolvers["createStudy"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.createStudy is not built yet.");
};
