import type { StudyResolvers } from "./../../types.generated.ts";
export const Study: Pick<StudyResolvers, "codebooks" | "__isTypeOf"> = {
  /* Implement Study resolver logic here */
  codebooks: async (_parent, _arg, _ctx) => {
    /* Study.codebooks resolver is required because Study.codebooks exists but StudyMapper.codebooks does not */
  },
};
