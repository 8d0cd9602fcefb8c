import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../study.service.ts";

export const createStudy: NonNullable<MutationResolvers["createStudy"]> = (_parent, { input }, context) =>
  withUserErrors({ study: null }, async () => ({ study: await service.createStudy(context, input) }));
