import type { CodebookResolvers } from "./../../types.generated.ts";
export const Codebook: CodebookResolvers = {
  /* Implement Codebook resolver logic here */
  clusters: async (_parent, _arg, _ctx) => {
    /* Codebook.clusters resolver is required because Codebook.clusters exists but CodebookMapper.clusters does not */
  },
  cohort: async (_parent, _arg, _ctx) => {
    /* Codebook.cohort resolver is required because Codebook.cohort exists but CodebookMapper.cohort does not */
  },
  featureSet: async (_parent, _arg, _ctx) => {
    /* Codebook.featureSet resolver is required because Codebook.featureSet exists but CodebookMapper.featureSet does not */
  },
  id: ({ id }, _arg, _ctx) => {
    /* Codebook.id resolver is required because Codebook.id and CodebookMapper.id are not compatible */
    return id;
  },
  lineage: async (_parent, _arg, _ctx) => {
    /* Codebook.lineage resolver is required because Codebook.lineage exists but CodebookMapper.lineage does not */
  },
  patient: async (_parent, _arg, _ctx) => {
    /* Codebook.patient resolver is required because Codebook.patient exists but CodebookMapper.patient does not */
  },
  phenotypes: async (_parent, _arg, _ctx) => {
    /* Codebook.phenotypes resolver is required because Codebook.phenotypes exists but CodebookMapper.phenotypes does not */
  },
  scope: async (_parent, _arg, _ctx) => {
    /* Codebook.scope resolver is required because Codebook.scope exists but CodebookMapper.scope does not */
  },
  seed: async (_parent, _arg, _ctx) => {
    /* Codebook.seed resolver is required because Codebook.seed exists but CodebookMapper.seed does not */
  },
};
