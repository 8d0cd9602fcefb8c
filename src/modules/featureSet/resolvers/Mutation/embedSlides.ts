import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../featureSet.service.ts";

export const embedSlides: NonNullable<MutationResolvers["embedSlides"]> = (_parent, { input }, context) =>
  withUserErrors({ featureSet: null, job: null }, () => service.embedSlides(context, input));
