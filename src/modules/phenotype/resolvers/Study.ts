import type { StudyResolvers } from "../../types.generated.ts";
import { listStudyCodebooks } from "../phenotype.service.ts";

export const Study: Pick<StudyResolvers, "codebooks" | "__isTypeOf"> = {
  codebooks: (study, _arguments, context) => listStudyCodebooks(context, study),
};
