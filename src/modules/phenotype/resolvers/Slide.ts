import { phenotypeMapUrl, phenotypeTilesUrl } from "../../pictures.ts";
import type { SlideResolvers } from "../../types.generated.ts";
import { sharesIn } from "../phenotype.service.ts";

export const Slide: Pick<SlideResolvers, "phenotypeMapUrl" | "phenotypeShares" | "phenotypeTilesUrl" | "__isTypeOf"> = {
  phenotypeShares: (slide, { codebook }, context) => sharesIn(context, "slide", slide, codebook),
  phenotypeMapUrl: (slide, { codebook, maxPixels }, context) =>
    phenotypeMapUrl(context, slide, codebook, maxPixels ?? 1024),
  phenotypeTilesUrl: (slide, { codebook }, context) => phenotypeTilesUrl(context, slide, codebook),
};
