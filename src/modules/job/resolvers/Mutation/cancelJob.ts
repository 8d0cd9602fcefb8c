import type { MutationResolvers } from "./../../../types.generated.ts";
export const cancelJob: NonNullable<MutationResolvers["cancelJob"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.cancelJob is not built yet.");
};
