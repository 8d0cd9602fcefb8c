import { authorize } from "../../platform/authorisation.ts";
import { encodeId, requireId } from "../../platform/ids.ts";
import { readVectors } from "../../store/vectors.ts";
import { requirePageSize } from "../base/connections.ts";
import type { GraphQLContext } from "../context.ts";
import { findTarget, noVector, resolveQuery, type SimilarTo } from "../similarity/query.ts";
import { listPhenotypes, requireCodebook } from "./phenotype.service.ts";
import { requireLikeSet } from "./phenotypeQuery.ts";
import type { CodebookMapper, PhenotypeMapper } from "./schema.mappers.ts";
import { floatsOf } from "./vectorBytes.ts";

const MAX_HITS = 1000;

/** Cosine distance, 1 where one of the vectors is zero and so has no direction. */
export const cosineDistance = (a: Float32Array, b: Float32Array): number => {
  let [product, squareA, squareB] = [0, 0, 0];
  a.forEach((value, index) => {
    const other = b[index] as number;
    product += value * other;
    squareA += value * value;
    squareB += other * other;
  });
  const lengths = Math.sqrt(squareA) * Math.sqrt(squareB);
  return lengths > 0 ? 1 - product / lengths : 1;
};

/** The vector to compare with, and the phenotype that it is of. */
const queryVector = async (
  context: GraphQLContext,
  codebook: CodebookMapper,
  to: SimilarTo,
): Promise<{ vector: Float32Array; own?: PhenotypeMapper }> => {
  const { app, loaders } = context;
  if (to.phenotype != null) {
    const own = await requireLikeSet(context, to.phenotype, codebook.build.featureSetId, ["to", "phenotype"]);
    return { vector: floatsOf(own.centroid), own };
  }
  const [study, featureSet] = await Promise.all([
    loaders.study.load(codebook.build.studyId),
    loaders.featureSet.load(codebook.build.featureSetId),
  ]);
  const target = await findTarget(context, encodeId("FeatureSet", study.key, featureSet.key), to);
  const query = await resolveQuery(context, to, target);
  if ("vector" in query.nearest) return { vector: Float32Array.from(query.nearest.vector) };
  const [vector] = await readVectors(app.database, featureSet.id, [query.nearest.patchId]);
  if (vector) return { vector };
  throw await noVector(app, query, featureSet);
};

/**
 * The phenotypes of a codebook by the cosine distance of their centroids to a vector, nearest first.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT, DIMENSION_MISMATCH, NOT_AN_IMAGE, ENCODER_HAS_NO_MODEL
 */
export const similarPhenotypes = async (
  context: GraphQLContext,
  input: { codebook: string; to: SimilarTo; first: number },
): Promise<{ hits: { phenotype: PhenotypeMapper; distance: number }[] }> => {
  authorize(context.viewer, "study:read", String(requireId("Codebook", input.codebook, ["codebook"])[0]));
  const first = requirePageSize(input.first, MAX_HITS);
  const codebook = await requireCodebook(context, input.codebook);
  const { vector, own } = await queryVector(context, codebook, input.to);
  const phenotypes = await listPhenotypes(context, codebook);
  const hits = phenotypes
    .filter(({ codebookId, index }) => codebookId !== own?.codebookId || index !== own.index)
    .map((phenotype) => ({ phenotype, distance: cosineDistance(vector, floatsOf(phenotype.centroid)) }))
    .sort((a, b) => a.distance - b.distance || a.phenotype.index - b.phenotype.index);
  return { hits: hits.slice(0, first) };
};
