import { encodeId } from "../../../platform/ids.ts";
import type { SlideResolvers } from "../../types.generated.ts";

export const Slide: Pick<
  SlideResolvers,
  | "clinical"
  | "featureSets"
  | "grids"
  | "id"
  | "image"
  | "key"
  | "patient"
  | "specimen"
  | "stain"
  | "study"
  | "__isTypeOf"
> = {
  id: async ({ studyId, key }, _arguments, { loaders }) =>
    encodeId("Slide", (await loaders.study.load(studyId)).key, key),
  study: ({ studyId }, _arguments, { loaders }) => loaders.study.load(studyId),
  patient: ({ patientId }, _arguments, { loaders }) => loaders.patient.load(patientId),
  image: ({ id }, _arguments, { loaders }) => loaders.slideImage.load(id),
  grids: ({ id }, _arguments, { loaders }) => loaders.slideGrids.load(id),
  featureSets: ({ id }, _arguments, { loaders }) => loaders.slideFeatures.load(id),
};
