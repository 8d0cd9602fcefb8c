import type { BuildState } from "../../store/codebooks.ts";
import type { GraphQLContext } from "../context.ts";
import type { CodebookMapper } from "./schema.mappers.ts";

/** Why a codebook no longer is what its patches would give today; null while it is. */
export const codebookStaleReason = ({ changed, outdated }: BuildState): string | null => {
  if (changed > 0) return `The patches of ${changed} slides are other ones now; run buildCodebook again.`;
  if (outdated > 0) {
    return `The file or the resolution of ${outdated} slides has changed; run embedSlides, then buildCodebook again.`;
  }
  return null;
};

export const codebookLineage = async ({ loaders }: GraphQLContext, codebook: CodebookMapper) => {
  const [featureSet, state] = await Promise.all([
    loaders.featureSet.load(codebook.build.featureSetId),
    loaders.buildState.load(codebook.buildId),
  ]);
  const staleReason = codebookStaleReason(state);
  return {
    digest: codebook.digest,
    createdAt: codebook.createdAt,
    parameters: {
      ...(codebook.build.parameters as object),
      featureSet: { key: featureSet.key, digest: featureSet.digest },
    },
    software: codebook.software,
    trust: featureSet.trust,
    isStale: staleReason !== null,
    staleReason,
  };
};
