import type { SimilarPatientResolvers } from "../../types.generated.ts";

export const SimilarPatient: SimilarPatientResolvers = {
  because: ({ because }) => because(),
};
