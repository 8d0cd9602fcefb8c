import type { QueryResolvers } from "../../../types.generated.ts";
import { findSlide } from "../../slide.service.ts";

export const slide: NonNullable<QueryResolvers["slide"]> = (_parent, { by }, context) => findSlide(context, by);
