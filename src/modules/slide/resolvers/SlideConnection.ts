import type { SlideConnectionResolvers } from "../../types.generated.ts";

export const SlideConnection: SlideConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
