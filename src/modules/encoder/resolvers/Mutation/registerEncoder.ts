import type { MutationResolvers } from "./../../../types.generated.ts";
export const registerEncoder: NonNullable<MutationResolvers["registerEncoder"]> = async (_parent, _arg, _ctx) => {
  throw new Error("Mutation.registerEncoder is not built yet.");
};
