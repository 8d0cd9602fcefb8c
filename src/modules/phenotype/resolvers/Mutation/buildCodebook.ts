import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../codebook.service.ts";

export const buildCodebook: NonNullable<MutationResolvers["buildCodebook"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.buildCodebook(context, input) }));
