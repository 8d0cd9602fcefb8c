import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../scoreMil.service.ts";

export const scoreMilModel: NonNullable<MutationResolvers["scoreMilModel"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.scoreMilModel(context, input) }));
