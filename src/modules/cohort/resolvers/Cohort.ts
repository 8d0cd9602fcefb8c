import type { CohortResolvers } from "./../../types.generated.ts";
export const Cohort: CohortResolvers = {
  /* Implement Cohort resolver logic here */
  facets: async (_parent, _arg, _ctx) => {
    /* Cohort.facets resolver is required because Cohort.facets exists but CohortMapper.facets does not */
  },
  id: ({ id }, _arg, _ctx) => {
    /* Cohort.id resolver is required because Cohort.id and CohortMapper.id are not compatible */
    return id;
  },
  patients: async (_parent, _arg, _ctx) => {
    /* Cohort.patients resolver is required because Cohort.patients exists but CohortMapper.patients does not */
  },
  slides: async (_parent, _arg, _ctx) => {
    /* Cohort.slides resolver is required because Cohort.slides exists but CohortMapper.slides does not */
  },
  study: async (_parent, _arg, _ctx) => {
    /* Cohort.study resolver is required because Cohort.study exists but CohortMapper.study does not */
  },
};
