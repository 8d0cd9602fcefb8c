import type { QueryResolvers } from "../../../types.generated.ts";
import * as service from "../../cohort.service.ts";

export const compareCohorts: NonNullable<QueryResolvers["compareCohorts"]> = (_parent, { input }, context) =>
  service.compareCohorts(context, input);
