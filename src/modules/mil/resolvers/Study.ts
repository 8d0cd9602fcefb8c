import type { StudyResolvers } from "../../types.generated.ts";
import { listMilModels } from "../mil.service.ts";

export const Study: Pick<StudyResolvers, "milModels" | "__isTypeOf"> = {
  milModels: (study, _arguments, context) => listMilModels(context, study),
};
