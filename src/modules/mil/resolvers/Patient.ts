import type { PatientResolvers } from "./../../types.generated.ts";
export const Patient: Pick<PatientResolvers, "scores" | "__isTypeOf"> = {
  /* Implement Patient resolver logic here */
  scores: async (_parent, _arg, _ctx) => {
    /* Patient.scores resolver is required because Patient.scores exists but PatientMapper.scores does not */
  },
};
