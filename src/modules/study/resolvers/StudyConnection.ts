import type { StudyConnectionResolvers } from "../../types.generated.ts";

export const StudyConnection: StudyConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
