import { encodeId } from "../../../platform/ids.ts";
import { listSlidesOf } from "../../slide/slide.service.ts";
import type { PatientResolvers } from "../../types.generated.ts";
import { readSurvival } from "../survival.service.ts";

export const Patient: Pick<
  PatientResolvers,
  "clinical" | "id" | "key" | "slides" | "study" | "survival" | "__isTypeOf"
> = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("Patient", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  slides: (patient, { filter, ...page }, context) => listSlidesOf(context, "patient", patient, filter, page),
  survival: (patient, { endpoint }, context) => readSurvival(context, patient, endpoint),
};
