import type { QueryResolvers } from "../../../types.generated.ts";
import * as service from "../../similarity.service.ts";

export const similarPatches: NonNullable<QueryResolvers["similarPatches"]> = (_parent, { input }, context) =>
  service.similarPatches(context, input);
