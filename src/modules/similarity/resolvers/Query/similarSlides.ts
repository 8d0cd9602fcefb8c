import type { QueryResolvers } from "../../../types.generated.ts";
import * as service from "../../similarSets.service.ts";

export const similarSlides: NonNullable<QueryResolvers["similarSlides"]> = (_parent, { input }, context) =>
  service.similarSlides(context, input);
