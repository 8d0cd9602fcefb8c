import { exemplarsUrl } from "../../pictures.ts";
import type { PhenotypeResolvers } from "../../types.generated.ts";
import { enrichment } from "../enrichment.service.ts";
import { idOfPhenotype, listExemplars, listShares, shareOf } from "../phenotype.service.ts";
import { phenotypeSurvival } from "../phenotypeSurvival.ts";
import { floatsOf } from "../vectorBytes.ts";

export const Phenotype: PhenotypeResolvers = {
  id: (phenotype, _arguments, context) => idOfPhenotype(context, phenotype),
  share: (phenotype, _arguments, context) => shareOf(context, phenotype),
  centroid: ({ centroid }) => floatsOf(centroid),
  exemplars: (phenotype, { first }, context) => listExemplars(context, phenotype, first ?? 12),
  exemplarsUrl: (phenotype, _arguments, context) => exemplarsUrl(context, phenotype),
  shares: (phenotype, { patients, ...page }, context) => listShares(context, phenotype, "patient", patients, page),
  slideShares: (phenotype, { slides, ...page }, context) => listShares(context, phenotype, "slide", slides, page),
  enrichment: (phenotype, input, context) => enrichment(context, phenotype, input),
  survival: (phenotype, { quantiles, ...input }, context) =>
    phenotypeSurvival(context, phenotype, { ...input, quantiles: quantiles ?? 2 }),
};
