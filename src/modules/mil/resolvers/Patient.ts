import type { PatientResolvers } from "../../types.generated.ts";
import { scoresOf } from "../mil.service.ts";

export const Patient: Pick<PatientResolvers, "scores" | "__isTypeOf"> = {
  scores: (patient, { model }, context) => scoresOf(context, "patient", patient, model),
};
