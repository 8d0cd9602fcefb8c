import type { QueryResolvers } from "./../../../types.generated.ts";
export const milModel: NonNullable<QueryResolvers["milModel"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.milModel resolver logic here */
};
