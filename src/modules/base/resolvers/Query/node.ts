import type { QueryResolvers } from "../../../types.generated.ts";
import { findNode } from "../../nodes.service.ts";

export const node: NonNullable<QueryResolvers["node"]> = (_parent, { id }, context) => findNode(context, id);
