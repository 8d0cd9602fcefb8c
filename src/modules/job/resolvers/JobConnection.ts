import type { JobConnectionResolvers } from "../../types.generated.ts";

export const JobConnection: JobConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
