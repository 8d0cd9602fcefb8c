import type { MutationResolvers } from "./../../../types.generated.ts";
export const registerSlides: NonNullable<MutationResolvers["registerSlides"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.registerSlides is not built yet.");
};
