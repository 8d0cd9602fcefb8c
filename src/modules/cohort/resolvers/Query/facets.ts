import type { QueryResolvers } from "../../../types.generated.ts";
import { listFacets } from "../../cohort.service.ts";

export const facets: NonNullable<QueryResolvers["facets"]> = (_parent, { filter, attributes }, context) =>
  listFacets(context, filter, attributes);
