import type { SlideResolvers } from "../../types.generated.ts";
import { scoresOf } from "../mil.service.ts";

export const Slide: Pick<SlideResolvers, "scores" | "__isTypeOf"> = {
  scores: (slide, { model }, context) => scoresOf(context, "slide", slide, model),
};
