import type { PatientResolvers } from "../../types.generated.ts";
import { sharesIn } from "../phenotype.service.ts";

export const Patient: Pick<PatientResolvers, "phenotypeShares" | "__isTypeOf"> = {
  phenotypeShares: (patient, { codebook }, context) => sharesIn(context, "patient", patient, codebook),
};
