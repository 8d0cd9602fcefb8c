import { requireStudyKey } from "../../../base/filters.ts";
import type { QueryResolvers } from "../../../types.generated.ts";
import { listPatients } from "../../patient.service.ts";

export const patients: NonNullable<QueryResolvers["patients"]> = (_parent, { filter, orderBy, ...page }, context) =>
  listPatients(context, requireStudyKey(filter), filter, orderBy, page);
