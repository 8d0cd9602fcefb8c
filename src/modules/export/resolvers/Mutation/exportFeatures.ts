import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../export.service.ts";

export const exportFeatures: NonNullable<MutationResolvers["exportFeatures"]> = (_parent, { input }, context) =>
  withUserErrors({ url: null, rows: null, bytes: null, expiresAt: null, slidesLeftOut: null, job: null }, () =>
    service.exportFeatures(context, input),
  );
