import type { PatchResolvers } from "./../../types.generated.ts";
export const Patch: Pick<PatchResolvers, "attention" | "__isTypeOf"> = {
  /* Implement Patch resolver logic here */
  attention: async (_parent, _arg, _ctx) => {
    /* Patch.attention resolver is required because Patch.attention exists but PatchMapper.attention does not */
  },
};
