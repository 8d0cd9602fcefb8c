import type { PhenotypeShareConnectionResolvers } from "../../types.generated.ts";

export const PhenotypeShareConnection: PhenotypeShareConnectionResolvers = {
  totalCount: ({ totalCount }) => totalCount(),
};
