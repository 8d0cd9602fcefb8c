import type { QueryResolvers } from "../../../types.generated.ts";
import { findMilModel } from "../../mil.service.ts";

export const milModel: NonNullable<QueryResolvers["milModel"]> = (_parent, { studyKey, key }, context) =>
  findMilModel(context, studyKey, key);
