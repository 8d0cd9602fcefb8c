import type { PatchResolvers } from "../../types.generated.ts";
import { phenotypeOfPatch } from "../phenotype.service.ts";

export const Patch: Pick<PatchResolvers, "phenotype" | "__isTypeOf"> = {
  phenotype: (patch, { codebook }, context) => phenotypeOfPatch(context, patch, codebook),
};
