import type { SlideResolvers } from "./../../types.generated.ts";
export const Slide: Pick<SlideResolvers, "scores" | "__isTypeOf"> = {
  /* Implement Slide resolver logic here */
  scores: async (_parent, _arg, _ctx) => {
    /* Slide.scores resolver is required because Slide.scores exists but SlideMapper.scores does not */
  },
};
