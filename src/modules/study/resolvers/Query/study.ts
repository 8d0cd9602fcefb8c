import type { QueryResolvers } from "../../../types.generated.ts";
import { findStudy } from "../../study.service.ts";

export const study: NonNullable<QueryResolvers["study"]> = (_parent, { key }, context) => findStudy(context, key);
