import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../tile.service.ts";

export const tileSlides: NonNullable<MutationResolvers["tileSlides"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.tileSlides(context, input) }));
