import type { QueryResolvers } from "../../../types.generated.ts";
import { findFeatureSet } from "../../featureSet.service.ts";

export const featureSet: NonNullable<QueryResolvers["featureSet"]> = (_parent, { studyKey, key }, context) =>
  findFeatureSet(context, studyKey, key);
