import { compareClusterCounts } from "../../learning/index.ts";
import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { readPatchIds } from "../../store/codebookVectors.ts";
import type { SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { findSources } from "./codebook.input.ts";
import { vectorSource, vectorsChanged } from "./vectorSource.ts";

const MAX_CHOICES = 8;
const MOST_CLUSTERS = 64;
const LEAST_SAMPLE = 10;
const MOST_SAMPLE = 10_000;

export type CodebookChoiceInput = {
  featureSet: string;
  clusters: readonly number[];
  slides?: SlideFilter | null | undefined;
  seed: number;
  sample: number;
};

const refuse = (message: string, fix: string, path: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path: [path] });
};

/** @throws HistoError BAD_ARGUMENT, LIMIT_EXCEEDED: a query is no place for an hour's work */
const requireChoices = ({ clusters, sample }: CodebookChoiceInput): void => {
  if (clusters.length === 0) refuse("No number of clusters is given.", "Give some, such as [4, 8, 16].", "clusters");
  if (clusters.length > MAX_CHOICES) {
    throw new HistoError("LIMIT_EXCEEDED", `${clusters.length} numbers of clusters are more than ${MAX_CHOICES}.`, {
      fix: `Ask for at most ${MAX_CHOICES} at once.`,
      path: ["clusters"],
    });
  }
  for (const count of clusters) {
    if (count >= 2 && count <= MOST_CLUSTERS) continue;
    refuse(`clusters: ${count} is not between 2 and ${MOST_CLUSTERS}.`, `Try 2 to ${MOST_CLUSTERS}.`, "clusters");
  }
  if (sample >= LEAST_SAMPLE && sample <= MOST_SAMPLE) return;
  refuse(
    `sample: ${sample} is not between ${LEAST_SAMPLE} and ${MOST_SAMPLE}.`,
    "2000 tell the numbers of clusters apart in most studies.",
    "sample",
  );
};

/**
 * What K-means gives for several numbers of clusters, on a sample, for a person to choose among.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT, LIMIT_EXCEEDED
 */
export const codebookChoice = async (context: GraphQLContext, input: CodebookChoiceInput) => {
  const { app, loaders, signal, viewer } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(viewer, "study:read", study.key);
  requireChoices(input);
  const slides = await findSources(context, study, featureSet, { slides: input.slides });
  const ids = await readPatchIds(app.database, featureSet.id, slides);
  if (!ids) throw vectorsChanged();
  const { clusters, seed } = input;
  const sampled = Math.min(input.sample, ids.length);
  const most = Math.max(...clusters);
  if (most > sampled) {
    refuse(`${sampled} patches cannot make ${most} clusters.`, `Ask for at most ${sampled}.`, "clusters");
  }
  const report = await compareClusterCounts(vectorSource(app.database, featureSet, ids), {
    clusters,
    seed,
    sampleRows: sampled,
    signal,
    providers: app.config.providers,
  });
  const rows = report.map(({ clusters: count, inertiaPerRow, silhouette, stability }) => ({
    clusters: count,
    inertiaPerPatch: inertiaPerRow,
    silhouette,
    stability,
  }));
  return { rows, sampled, patches: ids.length };
};
