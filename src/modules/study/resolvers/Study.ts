import { encodeId } from "../../../platform/ids.ts";
import { listFeatureSets } from "../../featureSet/featureSet.service.ts";
import { listPatients } from "../../patient/patient.service.ts";
import { listSlides } from "../../slide/slide.service.ts";
import type { StudyResolvers } from "../../types.generated.ts";

export const Study: StudyResolvers = {
  id: ({ key }) => encodeId("Study", key),
  patients: ({ key }, { filter, orderBy, ...page }, context) => listPatients(context, key, filter ?? {}, orderBy, page),
  slides: ({ key }, { filter, orderBy, ...page }, context) => listSlides(context, key, filter ?? {}, orderBy, page),
  featureSets: (study, _arguments, context) => listFeatureSets(context, study),
  attributes: async (_parent, _arg, _ctx) => {
    /* Study.attributes resolver is required because Study.attributes exists but StudyMapper.attributes does not */
  },
  cohorts: async (_parent, _arg, _ctx) => {
    /* Study.cohorts resolver is required because Study.cohorts exists but StudyMapper.cohorts does not */
  },
  endpoints: async (_parent, _arg, _ctx) => {
    /* Study.endpoints resolver is required because Study.endpoints exists but StudyMapper.endpoints does not */
  },
};
