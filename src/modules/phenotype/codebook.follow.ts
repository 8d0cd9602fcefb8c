import type { JobHandler } from "../../queue/queue.ts";
import { readBuildStates } from "../../store/codebooks.ts";
import type { CodebookBuild, FeatureSet, Study } from "../../store/generated/client.ts";
import type { SlideFilter } from "../base/filters.ts";
import type { App } from "../context.ts";
import { createLoaders } from "../loaders.ts";
import { findSources } from "./codebook.input.ts";
import { codebookStaleReason } from "./codebook.lineage.ts";
import { latestJob, queueJob } from "./codebook.service.ts";

/** Who asks for work that nobody asked for. */
const NOBODY = "histoql";

type Built = CodebookBuild & { featureSet: FeatureSet; study: Study; cohort: { key: string } | null };

/** Queues the slides that a codebook has not assigned, of the stains that it knows. */
const followOne = async (app: App, build: Built): Promise<void> => {
  const [state] = await readBuildStates(app.database, [build.id]);
  if (!state || codebookStaleReason(state) !== null) return;
  // A cohort that is gone names no patients.
  if (build.scope === "COHORT" && !build.cohort) return;
  const { slides } = build.parameters as { slides: SlideFilter | null };
  const sources = await findSources({ app, loaders: createLoaders(app) }, build.study, build.featureSet, {
    slides,
    cohort: build.cohort?.key,
  });
  const assigned = new Set(state.slideIds);
  const stains = new Set(sources.filter(({ slideId }) => assigned.has(slideId)).map(({ stain }) => stain));
  const missing = sources.filter(({ slideId, stain }) => !assigned.has(slideId) && stains.has(stain));
  if (missing.length === 0) return;
  await app.database.transaction(async (client) => {
    await client.query("SELECT FROM feature_set WHERE id = $1 FOR NO KEY UPDATE", [build.featureSetId]);
    if ((await latestJob(client, build.id))?.isOpen) return;
    await queueJob(app, NOBODY)(client, build, missing);
  });
};

/** True while other slides than a job's are on their way into the feature set, which would all ask for the same. */
const isFilling = async ({ database }: App, featureSetId: number, ownJobId: string): Promise<boolean> => {
  const { rows } = await database.query<{ filling: boolean }>(
    `SELECT EXISTS (SELECT FROM job WHERE kind = 'EMBED' AND slide_id IS NOT NULL AND state IN ('QUEUED', 'RUNNING')
       AND result_id = $1::text AND id <> $2 AND NOT EXISTS (SELECT FROM slide_features AS made
         WHERE made.slide_id = job.slide_id AND made.feature_set_id = $1::int AND made.is_complete)) AS filling`,
    [featureSetId, ownJobId],
  );
  return rows[0]?.filling ?? false;
};

/** Has every codebook of a feature set assign the slides that have come since, once a job is the last to bring any. */
export const assignNewSlides = async (app: App, featureSetId: number, jobId: string): Promise<void> => {
  if (await isFilling(app, featureSetId, jobId)) return;
  const builds = await app.prisma.codebookBuild.findMany({
    where: { featureSetId, isComplete: true },
    include: { featureSet: true, study: true, cohort: { select: { key: true } } },
  });
  for (const build of builds) await followOne(app, build);
};

/**
 * A handler of work that adds vectors: when the last slide is through, the codebooks assign what is new. One that fails may
 * be the last, and those before it have left it to that one.
 */
export const thenAssign =
  (app: App, handler: JobHandler): JobHandler =>
  async (job, signal) => {
    try {
      await handler(job, signal);
    } finally {
      if (!signal.aborted) {
        await assignNewSlides(app, Number(job.payload.featureSetId), job.id).catch((error: unknown) =>
          app.log.warn({ error }, "codebooks"),
        );
      }
    }
  };
