import type { CodebookResolvers } from "../../types.generated.ts";
import { codebookLineage } from "../codebook.lineage.ts";
import { idOfCodebook, listPhenotypes } from "../phenotype.service.ts";

export const Codebook: CodebookResolvers = {
  id: (codebook, _arguments, context) => idOfCodebook(context, codebook),
  lineage: (codebook, _arguments, context) => codebookLineage(context, codebook),
  featureSet: ({ build }, _arguments, { loaders }) => loaders.featureSet.load(build.featureSetId),
  scope: ({ build }) => build.scope,
  clusters: ({ build }) => build.clusters,
  seed: ({ build }) => build.seed,
  patient: ({ patientId }, _arguments, { loaders }) => (patientId === null ? null : loaders.patient.load(patientId)),
  cohort: ({ build }, _arguments, { app }) =>
    build.cohortId === null ? null : app.prisma.cohort.findUnique({ where: { id: build.cohortId } }),
  explainedVariance: ({ explainedVariance }) => (explainedVariance.length > 0 ? explainedVariance : null),
  phenotypes: (codebook, _arguments, context) => listPhenotypes(context, codebook),
};
