import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../register.service.ts";

export const registerSlides: NonNullable<MutationResolvers["registerSlides"]> = (_parent, { input }, context) =>
  withUserErrors({ slides: [], unchanged: 0 }, () => service.registerSlides(context, input));
