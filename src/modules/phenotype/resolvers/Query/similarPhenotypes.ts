import type { QueryResolvers } from "../../../types.generated.ts";
import * as service from "../../similarPhenotypes.service.ts";

export const similarPhenotypes: NonNullable<QueryResolvers["similarPhenotypes"]> = (_parent, { input }, context) =>
  service.similarPhenotypes(context, input);
