import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../job.service.ts";

export const retryJob: NonNullable<MutationResolvers["retryJob"]> = (_parent, { id }, context) =>
  withUserErrors({ job: null }, async () => ({ job: await service.retryJob(context, id) }));
