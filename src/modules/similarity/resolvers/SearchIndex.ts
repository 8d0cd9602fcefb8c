import type { SearchIndexResolvers } from "../../types.generated.ts";
import { staleReason } from "../searchIndex.service.ts";

export const SearchIndex: SearchIndexResolvers = {
  cohort: ({ cohortId }, _arguments, { loaders }) => (cohortId === null ? null : loaders.cohort.load(cohortId)),
  isStale: (index) => staleReason(index) !== null,
  staleReason: (index) => staleReason(index),
};
