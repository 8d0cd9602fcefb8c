import type { StudyResolvers } from "./../../types.generated.ts";
export const Study: Pick<StudyResolvers, "milModels" | "__isTypeOf"> = {
  /* Implement Study resolver logic here */
  milModels: async (_parent, _arg, _ctx) => {
    /* Study.milModels resolver is required because Study.milModels exists but StudyMapper.milModels does not */
  },
};
