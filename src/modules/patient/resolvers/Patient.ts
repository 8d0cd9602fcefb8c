import { encodeId } from "../../../platform/ids.ts";
import { listSlides } from "../../slide/slide.service.ts";
import type { PatientResolvers } from "../../types.generated.ts";

export const Patient: PatientResolvers = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("Patient", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  slides: async ({ studyId, key }, { filter, ...page }, context) => {
    const study = await context.loaders.study.load(studyId);
    return listSlides(context, study.key, { and: [{ patients: { keys: [key] } }, filter ?? {}] }, null, page);
  },
  survival: ({ survival }, _arg, _ctx) => {
    /* Patient.survival resolver is required because Patient.survival and PatientMapper.survival are not compatible */
    return survival;
  },
};
