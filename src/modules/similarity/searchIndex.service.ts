import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { Cohort, FeatureSet, Job } from "../../store/generated/client.ts";
import { countIndexable, GREATEST_GROWTH, MAX_INDEXED_DIMS, type SearchIndexRow } from "../../store/search/indexes.ts";
import { findCohort } from "../cohort/cohort.service.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { isBeingFilled } from "../featureSet/underWay.ts";
import { hasRoom, queueIndexing } from "./searchIndex.jobs.ts";

/** @throws HistoError NOT_FOUND, BAD_ARGUMENT, CONFLICT */
const requireIndexable = async (context: GraphQLContext, featureSet: FeatureSet, id: string): Promise<Cohort> => {
  const path = ["input", "cohort"];
  const [studyKey, key] = requireId("Cohort", id, path).map(String) as [string, string];
  const cohort = await findCohort(context, studyKey, key);
  if (!cohort || cohort.studyId !== featureSet.studyId) {
    throw new HistoError("NOT_FOUND", `The study of the feature set has no cohort "${key}".`, {
      fix: "`study(key) { cohorts { key id } }` lists them.",
      path,
    });
  }
  if (!cohort.isFrozen) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `Cohort "${key}" is live: its patients change, an index over them would not.`,
      {
        fix: "Save it with freeze: true, or leave the cohort out: the index of the feature set serves any filter.",
        path,
      },
    );
  }
  if (context.app.database.kind === "embedded") {
    throw new HistoError("CONFLICT", "The embedded database builds no indexes over cohorts.", {
      fix: "Leave the cohort out, or set DATABASE_URL to a PostgreSQL server with pgvector.",
      path,
    });
  }
  if (featureSet.dims > MAX_INDEXED_DIMS) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `Vectors of ${featureSet.dims} dimensions can have no HNSW index: pgvector's limit is ${MAX_INDEXED_DIMS}.`,
      { fix: "Leave the cohort out: the index of the feature set has no such limit.", path },
    );
  }
  return cohort;
};

/**
 * Queues the building of what makes searches in a feature set fast, or of what does among a frozen cohort; behind the slides
 * that are still being embedded.
 * Asking twice does nothing twice.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, CONFLICT, STORE_TOO_SMALL, FORBIDDEN
 */
export const buildSearchIndex = async (
  context: GraphQLContext,
  input: { featureSet: string; cohort?: string | null },
): Promise<Job> => {
  const { app, viewer } = context;
  authorize(viewer, "study:write", String(requireId("FeatureSet", input.featureSet, ["input", "featureSet"])[0]));
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const cohort = input.cohort == null ? null : await requireIndexable(context, featureSet, input.cohort);
  if (
    !(await isBeingFilled(app.database, featureSet.id)) &&
    (await countIndexable(app.database, featureSet.id, null)) === 0
  ) {
    throw new HistoError("CONFLICT", `Feature set "${featureSet.key}" has no vectors yet.`, {
      fix: "Embed slides into it with embedSlides first.",
      path: ["input", "featureSet"],
    });
  }
  if (!(await hasRoom(app, featureSet, 1))) {
    throw new HistoError(
      "STORE_TOO_SMALL",
      "An index holds a copy of the vectors, which the embedded database has no room for.",
      {
        fix: "Set DATABASE_URL to a PostgreSQL server with pgvector. Until then searches compare every vector.",
        path: ["input", "featureSet"],
      },
    );
  }
  const id = await queueIndexing(app, featureSet, cohort?.id ?? null, viewer.name);
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};

/** Indexes of a feature set that the viewer has been given already. */
export const listSearchIndexes = async (
  { loaders, viewer }: GraphQLContext,
  featureSet: FeatureSet,
): Promise<SearchIndexRow[]> => {
  authorize(viewer, "study:read", (await loaders.study.load(featureSet.studyId)).key);
  return loaders.searchIndexes.load(featureSet.id);
};

/** Why an index should be built again; null while it need not. */
export const staleReason = ({ vectors, vectorsNow, strategy }: SearchIndexRow): string | null => {
  if (Math.abs(vectorsNow - vectors) <= GREATEST_GROWTH * vectors) return null;
  const consequence =
    strategy === "CLUSTERED"
      ? "What is new is compared row by row"
      : "Its recall was measured before, so it is not used";
  return `It was measured with ${vectors} vectors, and there are ${vectorsNow}. ${consequence}; buildSearchIndex brings it up to date.`;
};
