import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../slide.service.ts";

export const setSlideResolution: NonNullable<MutationResolvers["setSlideResolution"]> = (_parent, { input }, context) =>
  withUserErrors({ slide: null }, async () => ({
    slide: await service.setSlideResolution(context, input),
    errors: [],
  }));
