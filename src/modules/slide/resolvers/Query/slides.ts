import { requireStudyKey } from "../../../base/filters.ts";
import type { QueryResolvers } from "../../../types.generated.ts";
import { listSlides } from "../../slide.service.ts";

export const slides: NonNullable<QueryResolvers["slides"]> = (_parent, { filter, orderBy, ...page }, context) =>
  listSlides(context, requireStudyKey(filter), filter, orderBy, page);
