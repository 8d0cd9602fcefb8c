import type { PhenotypeShareResolvers } from "./../../types.generated.ts";
export const PhenotypeShare: PhenotypeShareResolvers = {
  /* Implement PhenotypeShare resolver logic here */
  patient: async (_parent, _arg, _ctx) => {
    /* PhenotypeShare.patient resolver is required because PhenotypeShare.patient exists but PhenotypeShareMapper.patient does not */
  },
  slide: async (_parent, _arg, _ctx) => {
    /* PhenotypeShare.slide resolver is required because PhenotypeShare.slide exists but PhenotypeShareMapper.slide does not */
  },
};
