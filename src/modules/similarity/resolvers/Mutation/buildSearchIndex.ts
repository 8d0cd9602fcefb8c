import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../searchIndex.service.ts";

export const buildSearchIndex: NonNullable<MutationResolvers["buildSearchIndex"]> = (_parent, { input }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.buildSearchIndex(context, input) }));
