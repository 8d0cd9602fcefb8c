import {
  type Engine,
  openEngine,
  type Projector,
  pca,
  sampleWithoutReplacement,
  seededRandom,
} from "../../learning/index.ts";
import { HistoError } from "../../platform/errors.ts";
import { type ClaimedJob, recordProgress, settlePayload } from "../../queue/jobs.ts";
import type { JobHandler } from "../../queue/queue.ts";
import { readSourceSlides, type SourceSlide } from "../../store/codebooks.ts";
import { readPatchIds } from "../../store/codebookVectors.ts";
import { type Condition, EVERYTHING } from "../../store/filterSql.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import { beginReducedSlide, readReducedSlides, storeFit } from "../../store/reductions.ts";
import { appendVectors, halfvecOid } from "../../store/vectors.ts";
import type { App } from "../context.ts";
import { sourcesDigest } from "../phenotype/codebook.input.ts";
import { packComponents } from "../phenotype/principalComponents.ts";
import { BATCH_ROWS, vectorSource, vectorsChanged } from "../phenotype/vectorSource.ts";
import { summariseSlides } from "../similarity/similarSets.summaries.ts";
import { type Fit, openReduction, type Reduction, reducedDigest, reductionOf } from "./reduce.projection.ts";
import { type ReducePayload, requireVectors } from "./reduce.service.ts";

type Work = {
  app: App;
  job: ClaimedJob;
  source: FeatureSet;
  reduced: FeatureSet;
  reduction: Reduction & Partial<Fit>;
  engine: Engine;
  signal: AbortSignal;
};

const patchIdsOf = async ({ app, source }: Work, slides: readonly SourceSlide[]): Promise<Float64Array> => {
  const ids = await readPatchIds(app.database, source.id, slides);
  if (ids) return ids;
  throw vectorsChanged();
};

/** Fits the components and stores them, from then on the feature set's own. */
const fitComponents = async (work: Work, slides: readonly SourceSlide[], progress: { done: number; total: number }) => {
  const { app, job, source, reduced, reduction, engine, signal } = work;
  const { components, whiten, seed, sample } = reduction;
  const all = await patchIdsOf(work, slides);
  const drawn = sampleWithoutReplacement(seededRandom(seed), all.length, sample ?? all.length);
  const ids = Float64Array.from(drawn, (place) => all[place] as number);
  const found = await pca(vectorSource(app.database, source, ids), { components, whiten, seed, engine, signal });
  if (!((found.explainedVariance[0] ?? 0) > 0)) {
    throw new HistoError("BAD_ARGUMENT", `The ${ids.length} vectors do not differ, so they have no components.`, {
      fix: "Embed slides that show different tissue, or fit to a larger sample.",
    });
  }
  const projection = await app.artefacts.put(packComponents(found));
  const made: Fit = {
    projection,
    explainedVarianceRatio: [...found.explainedVarianceRatio],
    fittedPatches: ids.length,
    fittedTo: sourcesDigest(slides),
  };
  await app.database.transaction(async (client) => {
    // First, because it makes sure that the job still is this worker's.
    await recordProgress(client, job, progress);
    await storeFit(client, reduced.id, reducedDigest(reduction, projection), made);
  });
  return projection;
};

/** @throws HistoError NOT_FINITE for a number beyond half precision */
const halvesOf = (values: Float32Array): Uint16Array => {
  const halves = Float16Array.from(values);
  if (halves.every(Number.isFinite)) return new Uint16Array(halves.buffer);
  throw new HistoError("NOT_FINITE", "A reduced vector has a number beyond 65504, the greatest of half precision.", {
    fix: "Ask for whiten: true, which scales each component to variance 1.",
  });
};

/** A slide's vectors [patches, components], batch by batch. */
const projectSlide = async (work: Work, projector: Projector, ids: Float64Array): Promise<Uint16Array[]> => {
  const parts: Uint16Array[] = [];
  for await (const batch of vectorSource(work.app.database, work.source, ids).batches()) {
    work.signal.throwIfAborted();
    parts.push(halvesOf(await projector.project(batch)));
  }
  return parts;
};

/** Writes a slide in one transaction, on the condition that its vectors are still those that were read. */
const writeSlide = async (
  { app, job, source, reduced, engine }: Work,
  slide: SourceSlide,
  ids: Float64Array,
  parts: readonly Uint16Array[],
  progress: { done: number; total: number },
): Promise<void> => {
  const oid = await halfvecOid(app.database);
  await app.database.transaction(async (client) => {
    await recordProgress(client, job, progress);
    const place = { id: reduced.id, sourceId: source.id };
    if (!(await beginReducedSlide(client, place, slide, engine.provider))) throw vectorsChanged();
    for (const [index, halves] of parts.entries()) {
      const patchIds = ids.subarray(index * BATCH_ROWS, (index + 1) * BATCH_ROWS);
      const batch = { patchIds, slideId: slide.slideId, patientId: slide.patientId, dims: reduced.dims, halves };
      await appendVectors(client, reduced.id, batch, oid);
    }
  });
};

const reduceSlides = async (work: Work, slides: readonly SourceSlide[]): Promise<void> => {
  const { app, job, source, reduced, reduction, engine, signal } = work;
  const made = await readReducedSlides(app.database, { id: reduced.id, sourceId: source.id });
  const patchesOf = (some: readonly SourceSlide[]) => some.reduce((sum, { patches }) => sum + patches, 0);
  const pending = slides.filter(({ slideId }) => !made.has(slideId));
  const total = patchesOf(slides);
  let done = total - patchesOf(pending);
  await app.database.transaction((client) => recordProgress(client, job, { done, total, restart: true }));
  const projection = reduction.projection ?? (await fitComponents(work, slides, { done, total }));
  const projector = await openReduction(app, reduction, projection, engine);
  for (const slide of pending) {
    signal.throwIfAborted();
    const ids = await patchIdsOf(work, [slide]);
    done += slide.patches;
    await writeSlide(work, slide, ids, await projectSlide(work, projector, ids), { done, total });
  }
  const slideIds = slides.map(({ slideId }) => slideId);
  await summariseSlides(app.database, reduced.id, slideIds, { signal });
};

/**
 * Makes a feature set of the principal components of another one. Components are stored before the first slide, and slides
 * one a transaction: a job that is killed goes on behind its last slide with the same components.
 */
const runReduceJob = async (app: App, job: ClaimedJob, signal: AbortSignal): Promise<void> => {
  const { featureSetId, reduce } = job.payload as ReducePayload;
  const [reduced, source] = (await Promise.all(
    [featureSetId, reduce.sourceId].map((id) => app.prisma.featureSet.findUniqueOrThrow({ where: { id } })),
  )) as [FeatureSet, FeatureSet];
  const reduction = reductionOf(reduced);
  if (!reduction) throw new Error("The feature set of a job that reduces is a reduced one.");
  const condition: Condition = reduce.slides === null ? EVERYTHING : { kind: "keys", keys: reduce.slides };
  const slides = await readSourceSlides(app.database, source.id, condition);
  if (reduce.slides === null) {
    requireVectors(source, reduction.components, slides);
    const keys = slides.map(({ slideKey }) => slideKey);
    await settlePayload(app.database, job, { featureSetId, reduce: { ...reduce, slides: keys } });
  }
  const engine = await openEngine({ providers: app.config.providers });
  try {
    await reduceSlides({ app, job, source, reduced, reduction, engine, signal }, slides);
  } finally {
    await engine.close();
  }
};

/** A handler of work that makes vectors out of slides, which makes them out of other vectors where it is told so. */
export const orReduce =
  (app: App, handler: JobHandler): JobHandler =>
  (job, signal) =>
    job.payload.reduce === undefined ? handler(job, signal) : runReduceJob(app, job, signal);
