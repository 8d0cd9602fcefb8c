import type { QueryResolvers } from "./../../../types.generated.ts";
export const codebookChoice: NonNullable<QueryResolvers["codebookChoice"]> = async (_parent, _arg, _ctx) => {
  /* Implement Query.codebookChoice resolver logic here */
};
