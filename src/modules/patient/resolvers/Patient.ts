import { encodeId } from "../../../platform/ids.ts";
import { listSlidesOf } from "../../slide/slide.service.ts";
import type { PatientResolvers } from "../../types.generated.ts";

export const Patient: PatientResolvers = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("Patient", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  slides: (patient, { filter, ...page }, context) => listSlidesOf(context, "patient", patient, filter, page),
  survival: ({ survival }, _arg, _ctx) => {
    /* Patient.survival resolver is required because Patient.survival and PatientMapper.survival are not compatible */
    return survival;
  },
};
