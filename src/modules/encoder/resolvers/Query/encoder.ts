import type { QueryResolvers } from "../../../types.generated.ts";
import { findEncoder } from "../../encoder.service.ts";

export const encoder: NonNullable<QueryResolvers["encoder"]> = (_parent, { key }, context) => findEncoder(context, key);
