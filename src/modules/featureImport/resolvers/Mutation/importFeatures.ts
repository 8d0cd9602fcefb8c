import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../importFeatures.service.ts";

export const importFeatures: NonNullable<MutationResolvers["importFeatures"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.importFeatures(context, input) }));
