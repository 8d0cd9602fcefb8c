import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../trainMil.service.ts";

export const trainMilModel: NonNullable<MutationResolvers["trainMilModel"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.trainMilModel(context, input) }));
