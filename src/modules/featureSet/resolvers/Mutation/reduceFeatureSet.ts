import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../reduce.service.ts";

export const reduceFeatureSet: NonNullable<MutationResolvers["reduceFeatureSet"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.reduceFeatureSet(context, input) }));
