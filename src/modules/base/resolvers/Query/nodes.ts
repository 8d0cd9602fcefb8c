import { HistoError } from "../../../../platform/errors.ts";
import type { QueryResolvers } from "../../../types.generated.ts";
import { MAX_PAGE } from "../../connections.ts";
import { findNode } from "../../nodes.service.ts";

export const nodes: NonNullable<QueryResolvers["nodes"]> = (_parent, { ids }, context) => {
  if (ids.length > MAX_PAGE) {
    throw new HistoError("BAD_ARGUMENT", `${ids.length} ids are more than ${MAX_PAGE}.`, {
      fix: `Ask for at most ${MAX_PAGE} at a time.`,
      path: ["ids"],
    });
  }
  return Promise.all(ids.map((id) => findNode(context, id)));
};
