import { encodeId } from "../../../platform/ids.ts";
import type { CohortResolvers } from "../../types.generated.ts";
import { listCohortFacets, listCohortPatients, listCohortSlides } from "../cohort.service.ts";

export const Cohort: CohortResolvers = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("Cohort", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  patients: (cohort, page, context) => listCohortPatients(context, cohort, page),
  slides: (cohort, page, context) => listCohortSlides(context, cohort, page),
  facets: (cohort, { attributes }, context) => listCohortFacets(context, cohort, attributes),
};
