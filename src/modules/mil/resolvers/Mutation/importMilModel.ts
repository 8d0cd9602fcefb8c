import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../importMil.service.ts";

export const importMilModel: NonNullable<MutationResolvers["importMilModel"]> = (_parent, { input }, context) =>
  withUserErrors({ model: null }, async () => ({ model: await service.importMilModel(context, input) }));
