import type { QueryResolvers } from "./../../../types.generated.ts";
export const survival: NonNullable<QueryResolvers["survival"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.survival resolver logic here */
};
