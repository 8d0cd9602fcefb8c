import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../encoder.service.ts";

export const registerEncoder: NonNullable<MutationResolvers["registerEncoder"]> = (_parent, { input }, context) =>
  withUserErrors({ encoder: null }, async () => ({
    encoder: await service.registerEncoder(context, input),
    errors: [],
  }));
