import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../cohort.service.ts";

export const saveCohort: NonNullable<MutationResolvers["saveCohort"]> = (_parent, { input }, context) =>
  withUserErrors({ cohort: null }, async () => ({ cohort: await service.saveCohort(context, input) }));
