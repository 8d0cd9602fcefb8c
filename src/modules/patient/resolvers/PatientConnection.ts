import type { PatientConnectionResolvers } from "../../types.generated.ts";

export const PatientConnection: PatientConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
