import type { QueryResolvers } from "../../../types.generated.ts";
import { survival as analyse } from "../../survival.service.ts";

export const survival: NonNullable<QueryResolvers["survival"]> = (_parent, { input }, context) =>
  analyse(context, input);
