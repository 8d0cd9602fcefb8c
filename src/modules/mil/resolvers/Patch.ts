import type { PatchResolvers } from "../../types.generated.ts";
import { attentionOfPatch } from "../attention.service.ts";

export const Patch: Pick<PatchResolvers, "attention" | "__isTypeOf"> = {
  attention: (patch, { score }, context) => attentionOfPatch(context, patch, score),
};
