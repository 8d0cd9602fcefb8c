import type { PatientResolvers } from "./../../types.generated.ts";
export const Patient: Pick<PatientResolvers, "phenotypeShares" | "__isTypeOf"> = {
  /* Implement Patient resolver logic here */
  phenotypeShares: async (_parent, _arg, _ctx) => {
    /* Patient.phenotypeShares resolver is required because Patient.phenotypeShares exists but PatientMapper.phenotypeShares does not */
  },
};
