import type { QueryResolvers } from "../../../types.generated.ts";
import * as service from "../../similarSets.service.ts";

export const similarPatients: NonNullable<QueryResolvers["similarPatients"]> = (_parent, { input }, context) =>
  service.similarPatients(context, input);
