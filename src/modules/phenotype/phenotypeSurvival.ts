import type { GraphQLContext } from "../context.ts";
import { survival } from "../survival/survival.service.ts";
import { idOfPhenotype } from "./phenotype.service.ts";
import type { PhenotypeMapper } from "./schema.mappers.ts";

/** Survival by a phenotype's share: Kaplan–Meier by quantile of it, Cox regression for each 10 % of it. */
export const phenotypeSurvival = async (
  context: GraphQLContext,
  phenotype: PhenotypeMapper,
  { endpoint, quantiles, cohort }: { endpoint: string; quantiles: number; cohort?: string | null | undefined },
) => {
  const study = await context.loaders.study.load(phenotype.codebook.build.studyId);
  const id = await idOfPhenotype(context, phenotype);
  return survival(context, {
    studyKey: study.key,
    endpoint,
    patients: cohort == null ? null : { cohort },
    groupBy: { phenotype: { phenotype: id, quantiles } },
    cox: { terms: [], phenotypes: [id], ties: "EFRON" },
    confidence: 0.95,
  });
};
