import { phenotypeMapUrl, phenotypeTilesUrl } from "../../pictures.ts";
import type { SlideResolvers } from "../../types.generated.ts";
export const Slide: Pick<SlideResolvers, "phenotypeMapUrl" | "phenotypeShares" | "phenotypeTilesUrl" | "__isTypeOf"> = {
  /* Implement Slide resolver logic here */
  phenotypeShares: async (_parent, _arg, _ctx) => {
    /* Slide.phenotypeShares resolver is required because Slide.phenotypeShares exists but SlideMapper.phenotypeShares does not */
  },
  phenotypeMapUrl: (slide, { codebook, maxPixels }, context) =>
    phenotypeMapUrl(context, slide, codebook, maxPixels ?? 1024),
  phenotypeTilesUrl: (slide, { codebook }, context) => phenotypeTilesUrl(context, slide, codebook),
};
