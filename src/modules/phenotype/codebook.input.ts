import { digestOf, type Json } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { encodeId, requireId } from "../../platform/ids.ts";
import { readSourceSlides, type SourceSlide } from "../../store/codebooks.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { CodebookScope, FeatureSet, Study } from "../../store/generated/client.ts";
import { resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";

/** The input BuildCodebookInput. */
export type BuildCodebookInput = {
  featureSet: string;
  scope: CodebookScope;
  cohort?: string | null | undefined;
  slides?: SlideFilter | null | undefined;
  clusters: number;
  seed: number;
  sample?: number | null | undefined;
  pca?: number | null | undefined;
  whiten: boolean;
  allowMixedStains: boolean;
};

export const MAX_CLUSTERS = 1000;
const MAX_SAMPLE = 1_000_000;
const MAX_COMPONENTS = 512;

const refuse = (message: string, fix: string, ...path: string[]): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path });
};

/** @throws HistoError BAD_ARGUMENT */
export const requireNumbers = (input: BuildCodebookInput, dims: number): void => {
  const { clusters, sample, pca, scope, whiten } = input;
  if (clusters === 1) {
    refuse(
      "One cluster tells nothing apart.",
      "Ask for at least 2 clusters; codebookChoice helps to choose.",
      "clusters",
    );
  }
  if (clusters < 2 || clusters > MAX_CLUSTERS) {
    refuse(`clusters: ${clusters} is not between 2 and ${MAX_CLUSTERS}.`, "Ask for 2 to 1000 clusters.", "clusters");
  }
  if (sample != null && (sample < clusters || sample > MAX_SAMPLE)) {
    refuse(
      `sample: ${sample} is not between ${clusters}, a patch for each cluster, and ${MAX_SAMPLE}.`,
      "Leave it out for 256 patches a cluster, at least 32768.",
      "sample",
    );
  }
  if (whiten && pca == null) refuse("whiten scales principal components, and there are none.", "Give pca.", "whiten");
  if (pca == null) return;
  if (scope === "PATIENT") {
    refuse(
      "Principal components are those of a study or a cohort.",
      "Leave pca out, or choose scope STUDY or COHORT.",
      "pca",
    );
  }
  const most = Math.min(dims, MAX_COMPONENTS);
  if (pca < 1 || pca > most) refuse(`pca: ${pca} is not between 1 and ${most}.`, `Ask for 1 to ${most}.`, "pca");
};

/** @throws HistoError BAD_ARGUMENT, NOT_FOUND; key of the cohort, null unless the scope is COHORT */
export const requireCohortKey = ({ scope, cohort }: BuildCodebookInput, study: Study): string | null => {
  if (scope !== "COHORT") {
    if (cohort != null)
      refuse(`scope ${scope} takes no cohort.`, "Choose scope COHORT, or leave cohort out.", "cohort");
    return null;
  }
  if (cohort == null) return refuse("scope COHORT needs a cohort.", "Give the id of a cohort.", "cohort");
  const [studyKey, key] = requireId("Cohort", cohort, ["cohort"]).map(String) as [string, string];
  if (studyKey === study.key) return key;
  return refuse(
    `The cohort is of study "${studyKey}", the feature set of "${study.key}".`,
    "Nothing crosses studies: take cohort and feature set from one.",
    "cohort",
  );
};

type SourceFilter = { slides?: SlideFilter | null | undefined; cohort?: string | null | undefined };

/** Which slides a codebook may be made of; `cohort` is a key. */
export const sourcesCondition = async (
  context: Pick<GraphQLContext, "app" | "loaders">,
  study: Study,
  { slides, cohort }: SourceFilter,
): Promise<Condition> => ({
  kind: "all",
  of: [
    await resolveSlideFilter(context, study, slides ?? {}, ["slides"]),
    ...(cohort == null
      ? []
      : [
          await resolveSlideFilter(context, study, { patients: { cohort: encodeId("Cohort", study.key, cohort) } }, [
            "cohort",
          ]),
        ]),
  ],
});

/** Slides of a feature set that a codebook may be made of, by key; `cohort` is a key. */
export const findSources = async (
  context: Pick<GraphQLContext, "app" | "loaders">,
  study: Study,
  featureSet: FeatureSet,
  filter: SourceFilter,
): Promise<SourceSlide[]> => {
  const condition = await sourcesCondition(context, study, filter);
  const sources = await readSourceSlides(context.app.database, featureSet.id, condition);
  if (sources.length > 0) return sources;
  throw new HistoError(
    "NOT_FOUND",
    `Feature set "${featureSet.key}" has no slide with all of its vectors that passes the filter.`,
    { fix: "Embed slides into it with embedSlides and wait for the job, or widen the filter.", path: ["featureSet"] },
  );
};

/** @throws HistoError MIXED_STAINS, BAD_ARGUMENT when there are too few patches */
export const requireSources = (input: BuildCodebookInput, sources: readonly SourceSlide[]): void => {
  const stains = [...new Set(sources.map(({ stain }) => stain))].sort();
  if (stains.length > 1 && !input.allowMixedStains) {
    throw new HistoError("MIXED_STAINS", `The slides are of ${stains.length} stains: ${stains.join(", ")}.`, {
      fix: `Ask for one: slides: {stains: [${stains[0]}]}; or cluster them together with allowMixedStains: true.`,
      path: ["slides"],
    });
  }
  const patches = sources.reduce((sum, slide) => sum + slide.patches, 0);
  const { clusters, pca, scope } = input;
  if (scope === "PATIENT") return;
  if (clusters > patches) {
    refuse(`${patches} patches cannot make ${clusters} clusters.`, `Ask for at most ${patches}.`, "clusters");
  }
  if (pca != null && pca >= patches) {
    refuse(`${patches} patches have no ${pca} components.`, `Ask for at most ${patches - 1}.`, "pca");
  }
};

/** What decides a codebook, besides the patches. */
export const parametersOf = (input: BuildCodebookInput, cohort: string | null): { [name: string]: Json } => ({
  scope: input.scope,
  cohort,
  slides: (input.slides ?? null) as Json,
  clusters: input.clusters,
  seed: input.seed,
  sample: input.sample ?? null,
  pca: input.pca ?? null,
  whiten: input.whiten,
  metric: input.pca == null ? "cosine" : "euclidean",
});

/** Equal for equal patches on every database: it holds no number and no time of ours. */
export const sourcesDigest = (sources: readonly SourceSlide[]): string =>
  digestOf(
    sources.map(({ slideKey, gridDigest, slideChecksum, patches }) => [slideKey, gridDigest, slideChecksum, patches]),
  );
