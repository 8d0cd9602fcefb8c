import { HistoError } from "../../platform/errors.ts";
import type { GraphQLContext } from "../context.ts";
import { requirePhenotype } from "./phenotype.service.ts";
import type { PhenotypeMapper } from "./schema.mappers.ts";

/**
 * A phenotype whose centroid may be compared with vectors of a feature set.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT
 */
export const requireLikeSet = async (
  context: GraphQLContext,
  id: string,
  featureSetId: number,
  path: readonly string[],
): Promise<PhenotypeMapper> => {
  const phenotype = await requirePhenotype(context, id, path);
  if (phenotype.codebook.build.featureSetId === featureSetId) return phenotype;
  throw new HistoError("BAD_ARGUMENT", "The phenotype is of another feature set; their vectors cannot be compared.", {
    fix: "Take a phenotype of a codebook of the same feature set.",
    path,
  });
};

/** The phenotypes of a filter: numbers in one codebook. */
export type PhenotypeSet = { buildId: number; codebookId: number; indexes: number[] };

/**
 * Phenotypes that patches may be of.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT when they are not all of one codebook of the feature set
 */
export const resolvePhenotypes = async (
  context: GraphQLContext,
  ids: readonly string[],
  featureSetId: number,
  path: readonly string[],
): Promise<PhenotypeSet | undefined> => {
  const found = await Promise.all(
    ids.map((id, index) => requireLikeSet(context, id, featureSetId, [...path, String(index)])),
  );
  const [first] = found;
  if (!first) {
    throw new HistoError("BAD_ARGUMENT", "The list of phenotypes is empty, so no patch could pass.", {
      fix: "Name at least one phenotype, or leave `phenotypes` out.",
      path,
    });
  }
  if (found.some(({ codebookId }) => codebookId !== first.codebookId)) {
    throw new HistoError("BAD_ARGUMENT", "The phenotypes are of several codebooks.", {
      fix: "Name phenotypes of one codebook.",
      path,
    });
  }
  const { codebookId, codebook } = first;
  return { buildId: codebook.buildId, codebookId, indexes: found.map(({ index }) => index) };
};
