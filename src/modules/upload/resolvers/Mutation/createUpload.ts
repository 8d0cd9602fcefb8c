import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../upload.service.ts";

export const createUpload: NonNullable<MutationResolvers["createUpload"]> = (_parent, { input }, context) =>
  withUserErrors({ upload: null }, async () => ({ upload: await service.createUpload(context, input) }));
