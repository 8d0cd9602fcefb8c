import type { QueryResolvers } from "../../../types.generated.ts";
import { listStudies } from "../../study.service.ts";

export const studies: NonNullable<QueryResolvers["studies"]> = (_parent, page, context) => listStudies(context, page);
