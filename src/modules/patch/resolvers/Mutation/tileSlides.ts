import type { MutationResolvers } from "./../../../types.generated.ts";
export const tileSlides: NonNullable<MutationResolvers["tileSlides"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.tileSlides is not built yet.");
};
