import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { type SearchReport, searchVectors } from "../../store/search/index.ts";
import { requirePageSize } from "../base/connections.ts";
import type { GraphQLContext } from "../context.ts";
import { hasDirection, hydrateHits, type PatchHit } from "./hydrate.ts";
import { findTarget, noDirection, noVector, resolveQuery, type SimilarTo, studyKeyOf } from "./query.ts";
import { type PatchFilter, resolvePatchFilter } from "./queryFilter.ts";

export type SimilarPatchesInput = {
  featureSet: string;
  to: SimilarTo;
  filter?: PatchFilter | null | undefined;
  first: number;
  excludeSamePatient: boolean;
  minRecall: number;
};

const MAX_HITS = 1000;
const NOTHING_INSIDE = "No patch of the slide has its centre inside of the region.";

const requireRecall = (minRecall: number): number => {
  if (minRecall > 0 && minRecall <= 1) return minRecall;
  throw new HistoError("BAD_ARGUMENT", `minRecall: ${minRecall} is not above 0 and at most 1.`, {
    fix: "Leave it out for 0.99.",
    path: ["minRecall"],
  });
};

/**
 * The patches whose vectors are nearest by cosine distance, among those that pass the filter, at the recall asked for; the
 * report says how they were found.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, DIMENSION_MISMATCH, NOT_AN_IMAGE, ENCODER_HAS_NO_MODEL, LIMIT_EXCEEDED, FORBIDDEN
 */
export const similarPatches = async (
  context: GraphQLContext,
  input: SimilarPatchesInput,
): Promise<{ hits: PatchHit[]; search: SearchReport }> => {
  const { app, loaders } = context;
  authorize(context.viewer, "study:read", studyKeyOf(input.featureSet));
  const first = requirePageSize(input.first, MAX_HITS);
  const minRecall = requireRecall(input.minRecall);
  const target = await findTarget(context, input.featureSet, input.to);
  const { study, featureSet } = target;
  loaders.study.prime(study.id, study);
  const query = await resolveQuery(context, input.to, target);
  const filter = await resolvePatchFilter(context, study, featureSet, input.filter);
  const found = await searchVectors(app.database, {
    featureSetId: featureSet.id,
    query: query.nearest,
    filter: {
      ...filter,
      exceptPatientId: input.excludeSamePatient ? query.patientId : undefined,
      exceptPatchId: query.patchId,
    },
    first,
    minRecall,
  });
  if (!found) throw await noVector(app, query, featureSet);
  const { hits, report } = found;
  if (hits.length > 0 && !hits.some(hasDirection)) throw noDirection(["to", "patch"]);
  const reason = report.reason ?? (filter.patchIds?.length === 0 ? NOTHING_INSIDE : null);
  return { hits: await hydrateHits(context, hits), search: { ...report, reason } };
};
