import { authorize } from "../../platform/authorisation.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJob, type NewJob } from "../../queue/jobs.ts";
import { createAssignmentTable, dropAssignmentTable } from "../../store/assignments.ts";
import { readBuildStates, type SourceSlide } from "../../store/codebooks.ts";
import type { Queryable } from "../../store/database.ts";
import type { CodebookBuild, FeatureSet, Job, Study } from "../../store/generated/client.ts";
import { storeBytes } from "../../store/vectors.ts";
import type { App, GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { queueBehind } from "../featureSet/underWay.ts";
import {
  type BuildCodebookInput,
  findSources,
  parametersOf,
  requireCohortKey,
  requireNumbers,
  requireSources,
  sourcesCondition,
  sourcesDigest,
} from "./codebook.input.ts";
import { codebookStaleReason } from "./codebook.lineage.ts";

/** So many letters of a digest tell a feature set's builds apart. */
const KEY_LETTERS = 16;

/** Bytes that one assignment takes, with its indexes (measured on both databases). */
const ASSIGNMENT_BYTES = 135;

/** @throws HistoError STORE_TOO_SMALL before anything is computed */
const requireRoom = async (app: App, patches: number): Promise<void> => {
  if (app.database.kind !== "embedded") return;
  const needed = patches * ASSIGNMENT_BYTES;
  const used = await storeBytes(app.database);
  if (used + needed <= app.config.storeMaxBytes) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
  throw new HistoError(
    "STORE_TOO_SMALL",
    `The assignments of ${patches} patches need about ${megabytes(needed)}; the embedded database holds ${megabytes(used)} of at most ${megabytes(app.config.storeMaxBytes)}.`,
    { fix: "Set DATABASE_URL to a PostgreSQL server with pgvector, or choose fewer slides." },
  );
};

type Plan = { study: Study; featureSet: FeatureSet; input: BuildCodebookInput; cohort: string | null };

const patchesOf = (slides: readonly SourceSlide[]): number => slides.reduce((sum, { patches }) => sum + patches, 0);

/** What a CODEBOOK job is told. */
export type CodebookPayload = { buildId: number; slides: string[]; sources: string };

/** What a CODEBOOK job is told whose slides are still being embedded: the request itself. */
export type CodebookRequest = { input: BuildCodebookInput };

/** Gives a build's slides to a job; returns the job's id. */
type GiveToJob = (
  client: Queryable,
  build: { id: number; studyId: number },
  slides: readonly SourceSlide[],
) => Promise<string>;

export const payloadOf = (build: { id: number }, slides: readonly SourceSlide[]): CodebookPayload => ({
  buildId: build.id,
  slides: slides.map(({ slideKey }) => slideKey),
  sources: sourcesDigest(slides),
});

/** To a new one. */
export const queueJob =
  (app: App, createdBy: string): GiveToJob =>
  async (client, build, slides) => {
    const payload = payloadOf(build, slides);
    const id = await insertJob(client, {
      kind: "CODEBOOK",
      studyId: build.studyId,
      createdBy,
      unit: "patches",
      payload,
      resultId: String(build.id),
    });
    await app.queue.wake(client, [{ id, kind: "CODEBOOK" }]);
    return id;
  };

const insertBuild = async (
  client: Queryable,
  { study, featureSet, input, cohort }: Plan,
  digests: { parameters: string; key: string },
): Promise<{ id: number; studyId: number }> => {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO codebook_build (study_id, feature_set_id, scope, cohort_id, clusters, seed, sample, pca, whiten,
       parameters, parameters_digest, key)
     VALUES ($1, $2, $3::codebook_scope, (SELECT id FROM cohort WHERE study_id = $1 AND key = $4), $5, $6, $7, $8, $9,
       $10, $11, $12)
     RETURNING id`,
    [
      study.id,
      featureSet.id,
      input.scope,
      cohort,
      input.clusters,
      input.seed,
      input.sample ?? null,
      input.pca ?? null,
      input.whiten,
      parametersOf(input, cohort),
      digests.parameters,
      digests.key,
    ],
  );
  const { id } = rows[0] as { id: number };
  await createAssignmentTable(client, id);
  return { id, studyId: study.id };
};

/** The newest job of a build, and whether it may still do something. */
export const latestJob = async (
  client: Queryable,
  buildId: number,
): Promise<{ id: string; isOpen: boolean } | null> => {
  const { rows } = await client.query<{ id: string; isOpen: boolean }>(
    `SELECT id, state IN ('QUEUED', 'RUNNING') AS "isOpen" FROM job WHERE kind = 'CODEBOOK' AND result_id = $1
     ORDER BY created_at DESC, id DESC LIMIT 1`,
    [String(buildId)],
  );
  return rows[0] ?? null;
};

type KnownBuild = Pick<CodebookBuild, "id" | "studyId" | "key" | "isComplete">;

const readBuilds = async (client: Queryable, featureSetId: number, parametersDigest: string): Promise<KnownBuild[]> => {
  const { rows } = await client.query<KnownBuild>(
    `SELECT id, study_id AS "studyId", key, is_complete AS "isComplete" FROM codebook_build
     WHERE feature_set_id = $1 AND parameters_digest = $2 ORDER BY id DESC`,
    [featureSetId, parametersDigest],
  );
  return rows;
};

const deleteBuild = async (client: Queryable, buildId: number): Promise<void> => {
  await dropAssignmentTable(client, buildId);
  await client.query("DELETE FROM codebook_build WHERE id = $1", [buildId]);
};

/** The job that makes the codebook what was asked for, queued where there is none; one that has ended when nothing is to do. */
const planJob = async (
  client: Queryable,
  plan: Plan,
  sources: readonly SourceSlide[],
  give: GiveToJob,
): Promise<string> => {
  const { featureSet, input, cohort } = plan;
  const parameters = digestOf({ ...parametersOf(input, cohort), featureSet: featureSet.digest });
  const keyOf = (repeat: number) =>
    digestOf({ parameters, sources: sourcesDigest(sources), repeat }).slice(0, KEY_LETTERS);
  const builds = await readBuilds(client, featureSet.id, parameters);
  const states = await readBuildStates(
    client,
    builds.map(({ id }) => id),
  );
  for (const [index, build] of builds.entries()) {
    const state = states[index];
    const job = await latestJob(client, build.id);
    if (job?.isOpen) return job.id;
    if (!build.isComplete) {
      // Left behind by a job that failed or was cancelled: it goes on where its patches still are what they were.
      if (build.key === keyOf(0)) return give(client, build, sources);
      await deleteBuild(client, build.id);
      continue;
    }
    if (!state || codebookStaleReason(state) !== null) continue;
    const assigned = new Set(state.slideIds);
    const missing = sources.filter(({ slideId }) => !assigned.has(slideId));
    if (missing.length > 0 || !job) return give(client, build, missing);
    return job.id;
  }
  const taken = new Set(builds.filter(({ isComplete }) => isComplete).map(({ key }) => key));
  let repeat = 0;
  while (taken.has(keyOf(repeat))) repeat += 1;
  const build = await insertBuild(client, plan, { parameters, key: keyOf(repeat) });
  return give(client, build, sources);
};

/**
 * Plans a request on the slides that there are, once its numbers have been checked.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, MIXED_STAINS, STORE_TOO_SMALL
 */
export const planCodebook = async (
  context: Pick<GraphQLContext, "app" | "loaders">,
  plan: Plan,
  give: GiveToJob,
): Promise<string> => {
  const { app } = context;
  const { study, featureSet, input, cohort } = plan;
  const sources = await findSources(context, study, featureSet, { slides: input.slides, cohort });
  requireSources(input, sources);
  await requireRoom(app, patchesOf(sources));
  return app.database.transaction(async (client) => {
    // Whoever asks at the same time waits here, and then sees the job of the first.
    await client.query("SELECT FROM feature_set WHERE id = $1 FOR NO KEY UPDATE", [featureSet.id]);
    return planJob(client, plan, sources, give);
  });
};

/**
 * Queues the building of a codebook (of one for each patient, with scope PATIENT), or the assignment of slides that have come
 * since to one that was built with the same parameters. While slides are still being embedded, the job waits for them.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT, MIXED_STAINS, STORE_TOO_SMALL
 */
export const buildCodebook = async (context: GraphQLContext, input: BuildCodebookInput): Promise<Job> => {
  const { app, loaders, viewer } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(viewer, "study:write", study.key);
  requireNumbers(input, featureSet.dims);
  const cohort = requireCohortKey(input, study);
  const condition = await sourcesCondition(context, study, { slides: input.slides, cohort });
  const request: CodebookRequest = { input };
  const job: NewJob = {
    kind: "CODEBOOK",
    studyId: study.id,
    createdBy: viewer.name,
    unit: "patches",
    payload: request,
  };
  const waiting = await app.database.transaction((client) =>
    queueBehind(client, job, { featureSetId: featureSet.id, condition }),
  );
  const plan = { study, featureSet, input, cohort };
  const id = waiting ?? (await planCodebook(context, plan, queueJob(app, viewer.name)));
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};
