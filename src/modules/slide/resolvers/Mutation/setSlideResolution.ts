import type { MutationResolvers } from "./../../../types.generated.ts";
export const setSlideResolution: NonNullable<MutationResolvers["setSlideResolution"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.setSlideResolution is not built yet.");
};
