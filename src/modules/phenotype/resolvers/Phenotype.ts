import type { PhenotypeResolvers } from "./../../types.generated.ts";
export const Phenotype: PhenotypeResolvers = {
  /* Implement Phenotype resolver logic here */
  centroid: ({ centroid }, _arg, _ctx) => {
    /* Phenotype.centroid resolver is required because Phenotype.centroid and PhenotypeMapper.centroid are not compatible */
    return centroid;
  },
  enrichment: async (_parent, _arg, _ctx) => {
    /* Phenotype.enrichment resolver is required because Phenotype.enrichment exists but PhenotypeMapper.enrichment does not */
  },
  exemplars: async (_parent, _arg, _ctx) => {
    /* Phenotype.exemplars resolver is required because Phenotype.exemplars exists but PhenotypeMapper.exemplars does not */
  },
  exemplarsUrl: async (_parent, _arg, _ctx) => {
    /* Phenotype.exemplarsUrl resolver is required because Phenotype.exemplarsUrl exists but PhenotypeMapper.exemplarsUrl does not */
  },
  id: async (_parent, _arg, _ctx) => {
    /* Phenotype.id resolver is required because Phenotype.id exists but PhenotypeMapper.id does not */
  },
  share: async (_parent, _arg, _ctx) => {
    /* Phenotype.share resolver is required because Phenotype.share exists but PhenotypeMapper.share does not */
  },
  shares: async (_parent, _arg, _ctx) => {
    /* Phenotype.shares resolver is required because Phenotype.shares exists but PhenotypeMapper.shares does not */
  },
  slideShares: async (_parent, _arg, _ctx) => {
    /* Phenotype.slideShares resolver is required because Phenotype.slideShares exists but PhenotypeMapper.slideShares does not */
  },
  survival: async (_parent, _arg, _ctx) => {
    /* Phenotype.survival resolver is required because Phenotype.survival exists but PhenotypeMapper.survival does not */
  },
};
