import type { PhenotypeShareResolvers } from "../../types.generated.ts";

export const PhenotypeShare: PhenotypeShareResolvers = {
  patient: ({ patientId }, _arguments, { loaders }) => loaders.patient.load(patientId),
  slide: ({ slideId }, _arguments, { loaders }) => (slideId === null ? null : loaders.slide.load(slideId)),
};
