import type { QueryResolvers } from "../../../types.generated.ts";
import { listEncoders } from "../../encoder.service.ts";

export const encoders: NonNullable<QueryResolvers["encoders"]> = (_parent, _arguments, context) =>
  listEncoders(context);
