import { HistoError } from "../../platform/errors.ts";
import type { PhenotypePlace } from "../../store/patientShares.ts";
import type { PhenotypeMapper } from "./schema.mappers.ts";

/** What figures and pictures call a phenotype: its number tells it from another of the same name. */
export const phenotypeLabel = ({ index, name }: Pick<PhenotypeMapper, "index" | "name">): string =>
  name ? `phenotype ${index} (${name})` : `phenotype ${index}`;

/**
 * Where the shares of a phenotype stand that means the same in every patient.
 * @throws HistoError BAD_ARGUMENT for one of a patient's own codebook
 */
export const sharedPlace = (phenotype: PhenotypeMapper, path?: readonly string[]): PhenotypePlace => {
  if (phenotype.codebook.build.scope !== "PATIENT") return { codebookId: phenotype.codebookId, index: phenotype.index };
  throw new HistoError("BAD_ARGUMENT", "Phenotypes of a patient's own codebook cannot be compared between patients.", {
    fix: "Build a codebook of the study or of a cohort: buildCodebook(input: {scope: STUDY, …}).",
    ...(path && { path }),
  });
};
