import type { SlideResolvers } from "./../../types.generated.ts";
export const Slide: Pick<SlideResolvers, "phenotypeShares" | "__isTypeOf"> = {
  /* Implement Slide resolver logic here */
  phenotypeShares: async (_parent, _arg, _ctx) => {
    /* Slide.phenotypeShares resolver is required because Slide.phenotypeShares exists but SlideMapper.phenotypeShares does not */
  },
};
