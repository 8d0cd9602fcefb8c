import type { MutationResolvers } from "./../../../types.generated.ts";
export const embedSlides: NonNullable<MutationResolvers["embedSlides"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.embedSlides is not built yet.");
};
