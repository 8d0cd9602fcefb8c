import { encodeId } from "../../../platform/ids.ts";
import { listCohorts } from "../../cohort/cohort.service.ts";
import { listFeatureSets } from "../../featureSet/featureSet.service.ts";
import { listPatients } from "../../patient/patient.service.ts";
import { listSlides } from "../../slide/slide.service.ts";
import type { StudyResolvers } from "../../types.generated.ts";

export const Study: Pick<
  StudyResolvers,
  | "attributes"
  | "cohorts"
  | "description"
  | "endpoints"
  | "featureSets"
  | "id"
  | "key"
  | "name"
  | "patients"
  | "slides"
  | "__isTypeOf"
> = {
  id: ({ key }) => encodeId("Study", key),
  patients: ({ key }, { filter, orderBy, ...page }, context) => listPatients(context, key, filter ?? {}, orderBy, page),
  slides: ({ key }, { filter, orderBy, ...page }, context) => listSlides(context, key, filter ?? {}, orderBy, page),
  featureSets: (study, _arguments, context) => listFeatureSets(context, study),
  attributes: ({ id }, _arguments, { loaders }) => loaders.dictionary.load(id),
  cohorts: (study, _arguments, context) => listCohorts(context, study),
  endpoints: ({ id }, _arguments, { loaders }) => loaders.studyEndpoints.load(id),
};
