import { type EmbedPatchesOptions, embedPatches } from "../../inference/embed-patches.ts";
import { QUALITY_MEASURES } from "../../inference/quality-graph.ts";
import { type PatchMeasurer, startPatchMeasurer } from "../../inference/quality-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { type ClaimedJob, LeaseLostError, recordProgress } from "../../queue/jobs.ts";
import { cellOrigin, patchRegion, READS_AT_ONCE, readPatch } from "../../slides/index.ts";
import { advanceCheckpoint, openCheckpoint } from "../../store/checkpoints.ts";
import type { Queryable } from "../../store/database.ts";
import type { Encoder, FeatureSet, Slide } from "../../store/generated/client.ts";
import { cellOf, readGridPatchIds, writeMeasurements } from "../../store/patches.ts";
import { appendVectors, estimateBytes, halfvecOid, storeBytes } from "../../store/vectors.ts";
import type { App } from "../context.ts";
import { ensureGrid } from "../patch/grid.service.ts";
import type { SteppedGrid } from "../patch/steppedGrid.ts";
import { summariseSlides } from "../similarity/similarSets.summaries.ts";
import { type ResolvedImage, requireImage, requireResolution } from "../slide/image.service.ts";
import { withSameFile } from "../slide/slideFiles.ts";
import { recipeOf } from "./embed.plan.ts";
import { hasQualityControl, stainMethodOf } from "./preprocessing.ts";
import { slideStainTransform } from "./slideStain.ts";

/** @throws HistoError STORE_TOO_SMALL before anything is computed */
export const requireRoom = async (
  app: App,
  slide: Pick<Slide, "key">,
  patches: number,
  dims: number,
  /** In a transaction its own, the only connection that there is. */
  client: Queryable = app.database,
): Promise<void> => {
  if (app.database.kind !== "embedded") return;
  const used = await storeBytes(client);
  const needed = estimateBytes(patches, dims);
  if (used + needed <= app.config.storeMaxBytes) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
  throw new HistoError(
    "STORE_TOO_SMALL",
    `The ${patches} patches of slide "${slide.key}" need about ${megabytes(needed)}; the embedded database holds ${megabytes(used)} of at most ${megabytes(app.config.storeMaxBytes)}.`,
    { fix: "Set DATABASE_URL to a PostgreSQL server with pgvector, or use larger patches." },
  );
};

type Work = {
  app: App;
  job: ClaimedJob;
  slide: Slide;
  image: ResolvedImage;
  featureSet: FeatureSet;
  encoder: Encoder;
  grid: SteppedGrid;
  written: number;
  signal: AbortSignal;
};

/** Writes one batch, its checkpoint and the job's progress in one transaction. */
const storeBatch = (work: Work, ids: Float64Array, oid: number): EmbedPatchesOptions["onBatch"] => {
  const { app, job, slide, featureSet, grid, written } = work;
  return async (first, count, { vectors, measures, ranOn: provider }) => {
    const from = written + first;
    const to = from + count;
    app.log.trace({ job: job.id, slide: slide.key, from, to }, "batch");
    await app.database.transaction(async (client) => {
      const batch = {
        patchIds: ids.subarray(first, first + count),
        slideId: slide.id,
        patientId: slide.patientId,
        dims: featureSet.dims,
        halves: vectors as Uint16Array,
      };
      const step = { featureSetId: featureSet.id, slideId: slide.id, gridId: grid.id, from, to, total: grid.patches };
      // First, because it locks the slide: of two jobs at one slide, the later finds the checkpoint moved on.
      if (!(await advanceCheckpoint(client, { ...step, provider }))) throw new LeaseLostError(job.id);
      await appendVectors(client, featureSet.id, batch, oid);
      if (measures) await writeMeasurements(client, batch.patchIds, QUALITY_MEASURES, measures);
      await recordProgress(client, job, { done: to, total: grid.patches });
    });
  };
};

/** Reads under way beyond those that run keep the readers busy while a batch is handed on. */
const LEAST_READS_AHEAD = 8;

/** Runs `use` with what measures the feature set's patches; null where nothing is measured. */
const withMeasurer = async <Result>(
  featureSet: FeatureSet,
  use: (measurer: PatchMeasurer | null) => Promise<Result>,
): Promise<Result> => {
  if (!hasQualityControl(featureSet)) return use(null);
  const { patchSize, micronsPerPixel } = featureSet;
  const measurer = await startPatchMeasurer({ patchSize, micronsPerPixel });
  try {
    return await use(measurer);
  } finally {
    await measurer.close();
  }
};

/** Embeds the patches after the checkpoint. */
const embedRest = async (work: Work): Promise<void> => {
  const { app, slide, image, featureSet, encoder, grid, written, signal } = work;
  const ids = await readGridPatchIds(app.database, grid);
  const rest = ids.subarray(written);
  const oid = await halfvecOid(app.database);
  const method = stainMethodOf(featureSet);
  await withMeasurer(featureSet, (measurer) =>
    app.encoderSessions.use(
      encoder,
      (session) =>
        app.openSlides.use(image, async (opened) => {
          const plan = patchRegion(opened.levels, grid);
          const originOf = (index: number) => cellOrigin(grid, cellOf(ids[index] as number));
          const sampled = { app, slide, featureSet, opened, plan, patches: ids.length, originOf };
          const stain = method && (await slideStainTransform({ ...sampled, method }));
          await session.tune();
          signal.throwIfAborted();
          return embedPatches({
            patches: rest.length,
            regionWidthPixels: plan.widthPixels,
            regionHeightPixels: plan.heightPixels,
            readPatch: (index, target) => {
              const { x, y } = originOf(written + index);
              return readPatch(opened, plan, x, y, target);
            },
            session,
            readConcurrency: Math.max(LEAST_READS_AHEAD, READS_AT_ONCE),
            stain,
            measurer,
            batchSize: app.config.batchSize ?? session.batchSize(),
            signal,
            onBatch: storeBatch(work, rest, oid),
          });
        }),
      method,
    ),
  );
};

/** Embeds one slide into a feature set, from where it stands. */
export const runEmbedJob =
  (app: App) =>
  async (job: ClaimedJob, signal: AbortSignal): Promise<void> => {
    const slide = await app.prisma.slide.findUniqueOrThrow({
      where: { id: job.slideId ?? -1 },
      include: { study: true },
    });
    const featureSet = await app.prisma.featureSet.findUniqueOrThrow({
      where: { id: Number(job.payload.featureSetId) },
      include: { encoder: true },
    });
    const image = requireResolution(slide, slide.study.key, await requireImage(app, slide));
    await withSameFile(app, job, { slide, image, signal }, async () => {
      const { dims } = featureSet;
      const grid = await ensureGrid(app, slide, image, recipeOf(featureSet), (patches) =>
        requireRoom(app, slide, patches, dims),
      );
      const { written } = await app.database.transaction(async (client) => {
        const checkpoint = await openCheckpoint(client, featureSet.id, slide.id, grid.id);
        await recordProgress(client, job, { done: checkpoint.written, total: grid.patches, restart: true });
        return checkpoint;
      });
      if (written < grid.patches) {
        await requireRoom(app, slide, grid.patches - written, dims);
        signal.throwIfAborted();
        await embedRest({ app, job, slide, image, featureSet, encoder: featureSet.encoder, grid, written, signal });
      }
      await summariseSlides(app.database, featureSet.id, [slide.id], { signal });
    });
  };
