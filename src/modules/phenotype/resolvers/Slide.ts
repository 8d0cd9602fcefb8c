import type { SlideResolvers } from "../../types.generated.ts";
import { sharesIn } from "../phenotype.service.ts";

export const Slide: Pick<SlideResolvers, "phenotypeShares" | "__isTypeOf"> = {
  phenotypeShares: (slide, { codebook }, context) => sharesIn(context, "slide", slide, codebook),
};
