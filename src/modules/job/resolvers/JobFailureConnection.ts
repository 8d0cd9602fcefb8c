import type { JobFailureConnectionResolvers } from "../../types.generated.ts";

export const JobFailureConnection: JobFailureConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
