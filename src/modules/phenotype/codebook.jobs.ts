import { type Engine, openEngine, silhouette } from "../../learning/index.ts";
import { digestOf, type Json } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { type ClaimedJob, recordProgress } from "../../queue/jobs.ts";
import { readSlideAssignments, type SlideAssignments } from "../../store/assignments.ts";
import {
  addInertia,
  insertCodebook,
  readSourceSlides,
  type SourceSlide,
  settleCodebook,
  storeSlide,
} from "../../store/codebooks.ts";
import { readHalves, readPatchIds } from "../../store/codebookVectors.ts";
import type { Queryable } from "../../store/database.ts";
import type { CodebookBuild, FeatureSet } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import { sourcesDigest } from "./codebook.input.ts";
import { type CodebookAssigner, type CodebookModel, fitCodebook, openCodebook } from "./codebook.model.ts";
import { readPayload } from "./codebook.request.ts";
import type { CodebookPayload } from "./codebook.service.ts";
import { BATCH_ROWS, vectorSource, vectorsChanged } from "./vectorSource.ts";

type Work = {
  app: App;
  job: ClaimedJob;
  build: CodebookBuild;
  featureSet: FeatureSet;
  engine: Engine;
  signal: AbortSignal;
  progress: { done: number; total: number };
};

/** The slides that become one codebook. */
type Group = { patientId: number | null; patientKey: string | null; slides: SourceSlide[] };

/** Patches of slides that are written at once: a batch that takes about a second. */
const UNIT_PATCHES = 32_768;

/** Slides one after the other in runs of at least so many patches. */
export const unitsOf = <Slide extends { patches: number }>(slides: readonly Slide[], patches: number): Slide[][] => {
  const units: Slide[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const slide of slides) {
    if (size >= patches) {
      units.push([]);
      size = 0;
    }
    units.at(-1)?.push(slide);
    size += slide.patches;
  }
  return units;
};

const groupsOf = (build: CodebookBuild, slides: readonly SourceSlide[]): Group[] => {
  if (build.scope !== "PATIENT") return [{ patientId: null, patientKey: null, slides: [...slides] }];
  const byPatient = Map.groupBy(slides, ({ patientId }) => patientId);
  return [...byPatient.values()].map((own) => {
    const [{ patientId, patientKey }] = own as [SourceSlide];
    return { patientId, patientKey, slides: own };
  });
};

const patchIdsOf = async ({ app, featureSet }: Work, slides: readonly SourceSlide[]): Promise<Float64Array> => {
  const ids = await readPatchIds(app.database, featureSet.id, slides);
  if (ids) return ids;
  throw vectorsChanged();
};

type UnitAssignments = { slide: SourceSlide; assigned: SlideAssignments }[];

/** Assigns the patches of some slides, reading the next batch while one is assigned. */
const assignUnit = async (
  work: Work,
  assigner: CodebookAssigner,
  unit: readonly SourceSlide[],
): Promise<UnitAssignments> => {
  const { app, featureSet, signal } = work;
  const ids = await patchIdsOf(work, unit);
  const phenotypes = new Int32Array(ids.length);
  const distances = new Float32Array(ids.length);
  const read = (from: number) =>
    readHalves(app.database, featureSet.id, ids.subarray(from, from + BATCH_ROWS), featureSet.dims);
  let ahead = read(0);
  for (let from = 0; from < ids.length; from += BATCH_ROWS) {
    signal.throwIfAborted();
    const halves = await ahead;
    if (!halves) throw vectorsChanged();
    const next = from + BATCH_ROWS;
    if (next < ids.length) {
      ahead = read(next);
      // It is awaited in the next round; until then its failure must not count as unhandled.
      ahead.catch(() => {});
    }
    const batch = await assigner.assign(halves);
    phenotypes.set(batch.assignments, from);
    distances.set(batch.distances, from);
  }
  let first = 0;
  return unit.map((slide) => {
    const [from, to] = [first, first + slide.patches];
    first = to;
    const assigned = {
      slideId: slide.slideId,
      patchIds: ids.subarray(from, to),
      phenotypes: phenotypes.subarray(from, to),
      distances: distances.subarray(from, to),
    };
    return { slide, assigned };
  });
};

/** Squared distances in the space that was clustered; of vectors at unit length twice their cosine distance. */
const inertiaOf = (unit: UnitAssignments, metric: CodebookAssigner["metric"]): number => {
  const squared = metric === "cosine" ? (distance: number) => 2 * distance : (distance: number) => distance ** 2;
  return unit.reduce((sum, { assigned }) => assigned.distances.reduce((part, value) => part + squared(value), sum), 0);
};

/** Silhouette of a sample of what a codebook was fitted to, whose assignments are stored or at hand. */
const silhouetteOf = async (
  work: Work,
  group: Group,
  assigner: CodebookAssigner,
  atHand: ReadonlyMap<number, Int32Array>,
): Promise<number | null> => {
  const { app, build, featureSet, engine, signal } = work;
  const labels = new Int32Array(group.slides.reduce((sum, { patches }) => sum + patches, 0));
  let from = 0;
  for (const { slideId, patches } of group.slides) {
    labels.set(atHand.get(slideId) ?? (await readSlideAssignments(app.database, build.id, slideId)).phenotypes, from);
    from += patches;
  }
  const source = vectorSource(app.database, featureSet, await patchIdsOf(work, group.slides));
  const { mean } = await silhouette(assigner.clusteredRows(source), labels, {
    metric: assigner.metric,
    seed: build.seed,
    engine,
    signal,
  });
  return mean;
};

const softwareOf = ({ app, engine }: Work) => ({
  histoql: app.version,
  onnxruntime: app.onnxruntimeVersion,
  provider: engine.provider,
});

const newCodebook = (work: Work, { patientId, patientKey, slides }: Group, model: CodebookModel) => {
  const { build, featureSet } = work;
  const software = softwareOf(work);
  const digest = digestOf({
    parameters: build.parameters as Json,
    featureSet: featureSet.digest,
    patient: patientKey,
    sources: sourcesDigest(slides),
    software,
  });
  return { ...model, buildId: build.id, patientId, slides: slides.length, digest, software };
};

type Stored = { id: number; model: CodebookModel };

const readStored = async ({ app, build }: Work, { patientId }: Group): Promise<Stored | null> => {
  const found = await app.prisma.codebook.findFirst({
    where: { buildId: build.id, patientId },
    include: { phenotypes: true },
  });
  return found && { id: found.id, model: found };
};

const storeUnit = async (
  { build }: Work,
  client: Queryable,
  codebookId: number,
  unit: UnitAssignments,
  isFitted: boolean,
): Promise<void> => {
  for (const { slide, assigned } of unit) {
    await storeSlide(client, { buildId: build.id, codebookId, isFitted }, slide, assigned);
  }
};

/**
 * Makes a group's codebook where there is none, and assigns the slides that it has not assigned. A unit of slides is written
 * with its counts in one transaction, the first together with the codebook, the last together with what settles it: a job
 * that is killed goes on behind its last unit.
 */
const workOn = async (work: Work, group: Group, assignedSlides: ReadonlySet<number>): Promise<void> => {
  const { app, job, build, featureSet, engine, signal, progress } = work;
  const pending = group.slides.filter(({ slideId }) => !assignedSlides.has(slideId));
  const stored = await readStored(work, group);
  const isFit = stored === null || !build.isComplete;
  const source = async () => vectorSource(app.database, featureSet, await patchIdsOf(work, group.slides));
  const model = stored?.model ?? (await fitCodebook(await source(), build, engine, signal));
  const assigner = await openCodebook(model, build, featureSet.dims, engine);
  // A patient's codebook is written whole: those of other patients are shown already.
  const units = unitsOf(pending, build.scope === "PATIENT" ? Number.POSITIVE_INFINITY : UNIT_PATCHES);
  const labels = new Map<number, Int32Array>();
  let codebookId = stored?.id;
  try {
    for (const [index, slides] of units.entries()) {
      const unit = await assignUnit(work, assigner, slides);
      for (const { slide, assigned } of unit) labels.set(slide.slideId, assigned.phenotypes);
      const isLast = index === units.length - 1;
      const settled = isFit && isLast ? { silhouette: await silhouetteOf(work, group, assigner, labels) } : null;
      const done = progress.done + slides.reduce((sum, { patches }) => sum + patches, 0);
      codebookId = await app.database.transaction(async (client) => {
        // First, because it makes sure that the job still is this worker's.
        await recordProgress(client, job, { done, total: progress.total });
        const id = codebookId ?? (await insertCodebook(client, newCodebook(work, group, model)));
        await storeUnit(work, client, id, unit, isFit);
        if (isFit) await addInertia(client, id, inertiaOf(unit, assigner.metric));
        if (settled) await settleCodebook(client, id, settled);
        return id;
      });
      progress.done = done;
    }
  } finally {
    await assigner.close();
  }
};

/** @throws HistoError NOT_FOUND when another request has replaced the build, CONFLICT when the patches are other ones now */
const readWork = async (app: App, { buildId, slides, sources }: CodebookPayload) => {
  const build = await app.prisma.codebookBuild.findUnique({ where: { id: buildId }, include: { featureSet: true } });
  if (!build) {
    throw new HistoError("NOT_FOUND", "The codebook was given up for one of today's patches.", {
      fix: "Ask for it again with buildCodebook.",
    });
  }
  const found = await readSourceSlides(app.database, build.featureSetId, { kind: "keys", keys: slides });
  if (sourcesDigest(found) !== sources) throw vectorsChanged();
  const assigned = await app.prisma.codebookSlide.findMany({ where: { buildId }, select: { slideId: true } });
  return { build, found, assigned: new Set(assigned.map(({ slideId }) => slideId)) };
};

/** Builds a codebook, or assigns slides to it that came later. It shows when it is complete, and not before. */
export const runCodebookJob =
  (app: App) =>
  async (job: ClaimedJob, signal: AbortSignal): Promise<void> => {
    const payload = await readPayload(app, job);
    if (payload === null) return;
    const { build, found, assigned } = await readWork(app, payload);
    const total = found.reduce((sum, { patches }) => sum + patches, 0);
    const done = found.reduce((sum, { slideId, patches }) => sum + (assigned.has(slideId) ? patches : 0), 0);
    await app.database.transaction((client) => recordProgress(client, job, { done, total, restart: true }));
    const engine = await openEngine({ providers: app.config.providers });
    try {
      const work = { app, job, build, featureSet: build.featureSet, engine, signal, progress: { done, total } };
      for (const group of groupsOf(build, found)) {
        signal.throwIfAborted();
        if (group.slides.some(({ slideId }) => !assigned.has(slideId))) await workOn(work, group, assigned);
      }
    } finally {
      await engine.close();
    }
    await app.database.transaction(async (client) => {
      await recordProgress(client, job, { done: total, total });
      await client.query("UPDATE codebook_build SET is_complete = true WHERE id = $1", [build.id]);
    });
  };
