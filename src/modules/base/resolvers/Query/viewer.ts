import { LIMITS } from "../../../../platform/limits.ts";
import type { QueryResolvers } from "../../../types.generated.ts";
import { MAX_PAGE } from "../../connections.ts";

export const viewer: NonNullable<QueryResolvers["viewer"]> = (_parent, _arguments, context) => ({
  name: context.viewer.name,
  roles: [...context.viewer.grants],
  limits: { ...LIMITS, pageSize: MAX_PAGE, similarPatches: 1000, storeBytes: context.app.config.storeMaxBytes },
});
