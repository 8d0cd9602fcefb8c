import type { MutationResolvers } from "./../../../types.generated.ts";
export const retryJob: NonNullable<MutationResolvers["retryJob"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.retryJob is not built yet.");
};
