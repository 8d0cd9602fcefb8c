import type { QueryResolvers } from "../../../types.generated.ts";
import * as service from "../../codebookChoice.service.ts";

export const codebookChoice: NonNullable<QueryResolvers["codebookChoice"]> = (_parent, { input }, context) =>
  service.codebookChoice(context, input);
