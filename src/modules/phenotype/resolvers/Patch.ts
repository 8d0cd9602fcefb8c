import type { PatchResolvers } from "./../../types.generated.ts";
export const Patch: Pick<PatchResolvers, "phenotype" | "__isTypeOf"> = {
  /* Implement Patch resolver logic here */
  phenotype: async (_parent, _arg, _ctx) => {
    /* Patch.phenotype resolver is required because Patch.phenotype exists but PatchMapper.phenotype does not */
  },
};
