import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertJob, type NewJob } from "../../queue/jobs.ts";
import { readSourceSlides, type SourceSlide } from "../../store/codebooks.ts";
import type { Queryable } from "../../store/database.ts";
import { EVERYTHING } from "../../store/filterSql.ts";
import type { FeatureSet, Job } from "../../store/generated/client.ts";
import { readReducedSlides } from "../../store/reductions.ts";
import { createVectorTable, estimateBytes, storeBytes } from "../../store/vectors.ts";
import type { App, GraphQLContext } from "../context.ts";
import { requireKey } from "../study/study.service.ts";
import { requireFeatureSet } from "./featureSet.service.ts";
import { type Reduction, reducedDigest, reductionOf } from "./reduce.projection.ts";
import { isBeingFilled, queueBehind } from "./underWay.ts";

export type ReduceFeatureSetInput = {
  featureSet: string;
  key: string;
  components: number;
  whiten: boolean;
  seed: number;
  sample?: number | null | undefined;
};

/** What an EMBED job is told that makes a feature set of another one. */
export type ReducePayload = {
  featureSetId: number;
  /** Keys of slides; null while they are being embedded, for all that there will be then. */
  reduce: { sourceId: number; slides: string[] | null };
};

/** Components are found in memory that grows with their number and the square of the dimensions. */
const MAX_COMPONENTS = 512;

const refuse = (message: string, fix: string, path: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path: [path] });
};

const patchesOf = (slides: readonly SourceSlide[]): number => slides.reduce((sum, { patches }) => sum + patches, 0);

/** @throws HistoError BAD_ARGUMENT */
const requireNumbers = ({ components, sample }: ReduceFeatureSetInput, dims: number): void => {
  const most = Math.min(dims, MAX_COMPONENTS);
  if (components < 1 || components > most) {
    refuse(
      `components: ${components} is not between 1 and ${most}; the vectors have ${dims} numbers.`,
      `Ask for 1 to ${most}.`,
      "components",
    );
  }
  if (sample != null && sample <= components) {
    refuse(
      `A sample of ${sample} patches has no ${components} components.`,
      `Ask for a sample of at least ${components + 1} patches, or leave it out.`,
      "sample",
    );
  }
};

/** @throws HistoError NOT_FOUND when no slide has all of its vectors, BAD_ARGUMENT when there are too few */
export const requireVectors = ({ key }: FeatureSet, components: number, slides: readonly SourceSlide[]): void => {
  const patches = patchesOf(slides);
  if (patches === 0) {
    throw new HistoError("NOT_FOUND", `Feature set "${key}" has no slide with all of its vectors.`, {
      fix: "Embed slides into it with embedSlides and wait for the job.",
      path: ["featureSet"],
    });
  }
  if (components < patches) return;
  refuse(
    `${patches} patches have no ${components} components.`,
    patches > 1 ? `Ask for at most ${patches - 1}.` : "Embed more slides first.",
    "components",
  );
};

/** @throws HistoError STORE_TOO_SMALL before anything is computed */
const requireRoom = async (app: App, patches: number, components: number): Promise<void> => {
  if (app.database.kind !== "embedded") return;
  const needed = estimateBytes(patches, components);
  const used = await storeBytes(app.database);
  if (used + needed <= app.config.storeMaxBytes) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
  throw new HistoError(
    "STORE_TOO_SMALL",
    `The reduced vectors of ${patches} patches need about ${megabytes(needed)}; the embedded database holds ${megabytes(used)} of at most ${megabytes(app.config.storeMaxBytes)}.`,
    { fix: "Set DATABASE_URL to a PostgreSQL server with pgvector, or ask for fewer components." },
  );
};

/** @throws HistoError CONFLICT when the key stands for vectors made another way */
const requireSameReduction = (existing: FeatureSet, wanted: Reduction): void => {
  const known = reductionOf(existing);
  const names = ["reducedFrom", "source", "components", "whiten", "seed", "sample"] as const;
  if (known && names.every((name) => known[name] === wanted[name])) return;
  throw new HistoError(
    "CONFLICT",
    `Feature set "${existing.key}" was made another way; its vectors and these could not be compared.`,
    { fix: "Choose another key, or repeat the feature set's own input.", path: ["key"] },
  );
};

const insertReduced = async (
  client: Queryable,
  source: FeatureSet,
  key: string,
  reduction: Reduction,
  software: object,
): Promise<number | undefined> => {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO feature_set (study_id, key, encoder_id, level, patch_size, microns_per_pixel, overlap, min_tissue, tissue,
       preprocessing, dims, digest, trust, software)
     SELECT study_id, $2, encoder_id, level, patch_size, microns_per_pixel, overlap, min_tissue, tissue,
       preprocessing || $3::jsonb, $4, $5, trust, $6 FROM feature_set WHERE id = $1
     ON CONFLICT (study_id, key) DO NOTHING RETURNING id`,
    [source.id, key, JSON.stringify(reduction), reduction.components, reducedDigest(reduction, null), software],
  );
  if (rows[0]) await createVectorTable(client, rows[0].id, reduction.components);
  return rows[0]?.id;
};

type LatestJob = { id: string; isOpen: boolean };

/** Only reductions are jobs of a reduced feature set: embedSlides refuses it. */
const latestJob = async (client: Queryable, featureSetId: number): Promise<LatestJob | undefined> => {
  const { rows } = await client.query<LatestJob>(
    `SELECT id, state IN ('QUEUED', 'RUNNING') AS "isOpen" FROM job WHERE kind = 'EMBED' AND result_id = $1
     ORDER BY created_at DESC, id DESC LIMIT 1`,
    [String(featureSetId)],
  );
  return rows[0];
};

const newJob = (createdBy: string, source: FeatureSet, reducedId: number, slides: string[] | null): NewJob => {
  const payload: ReducePayload = { featureSetId: reducedId, reduce: { sourceId: source.id, slides } };
  return { kind: "EMBED", studyId: source.studyId, createdBy, unit: "patches", payload, resultId: String(reducedId) };
};

type Plan = { source: FeatureSet; reducedId: number; slides: readonly SourceSlide[] };

/** The job that makes the feature set what was asked for; one that has ended when nothing is to do. */
const planJob = async ({ app, viewer }: GraphQLContext, client: Queryable, plan: Plan): Promise<string> => {
  const { source, reducedId, slides } = plan;
  const job = await latestJob(client, reducedId);
  if (job?.isOpen) return job.id;
  const reduced = await readReducedSlides(client, { id: reducedId, sourceId: source.id });
  const pending = slides.filter(({ slideId }) => !reduced.has(slideId));
  if (job && pending.length === 0) return job.id;
  const id = await insertJob(
    client,
    newJob(
      viewer.name,
      source,
      reducedId,
      slides.map(({ slideKey }) => slideKey),
    ),
  );
  await app.queue.wake(client, [{ id, kind: "EMBED" }]);
  return id;
};

/**
 * Queues the making of a feature set of the principal components of another one's vectors, or the projection of slides that
 * have come or changed since. While slides are still being embedded, the job waits for them.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT, CONFLICT, STORE_TOO_SMALL
 */
export const reduceFeatureSet = async (context: GraphQLContext, input: ReduceFeatureSetInput): Promise<Job> => {
  const { app, loaders, viewer } = context;
  const source = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(source.studyId);
  authorize(viewer, "study:write", study.key);
  const key = requireKey(input.key, ["key"]);
  requireNumbers(input, source.dims);
  const whole = reductionOf(source)?.source;
  if (whole !== undefined) {
    refuse(`Feature set "${source.key}" is a reduced one.`, `Reduce "${whole}", which it was made of.`, "featureSet");
  }
  const { components, whiten, seed, sample = null } = input;
  const reduction: Reduction = { reducedFrom: source.digest, source: source.key, components, whiten, seed, sample };
  const where = { studyId_key: { studyId: study.id, key } };
  const known = await app.prisma.featureSet.findUnique({ where });
  if (known) requireSameReduction(known, reduction);
  const slides = await readSourceSlides(app.database, source.id, EVERYTHING);
  const isFilling = await isBeingFilled(app.database, source.id);
  if (!isFilling) requireVectors(source, components, slides);
  if (!known) await requireRoom(app, patchesOf(slides), components);
  const software = { histoql: app.version, onnxruntime: app.onnxruntimeVersion };
  if (!known) await app.database.transaction((client) => insertReduced(client, source, key, reduction, software));
  const reduced = await app.prisma.featureSet.findUniqueOrThrow({ where });
  requireSameReduction(reduced, reduction);
  const id = await app.database.transaction(async (client) => {
    // Whoever asks at the same time waits here, and then sees the job of the first.
    await client.query("SELECT FROM feature_set WHERE id = $1 FOR NO KEY UPDATE", [reduced.id]);
    const job = newJob(viewer.name, source, reduced.id, null);
    const waiting = await queueBehind(client, job, { featureSetId: source.id, condition: EVERYTHING });
    if (waiting !== null) return waiting;
    requireVectors(source, components, slides);
    return planJob(context, client, { source, reducedId: reduced.id, slides });
  });
  return app.prisma.job.findUniqueOrThrow({ where: { id } });
};
