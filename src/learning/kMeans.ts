import { HistoError } from "../platform/errors.ts";
import { openAssignerOn } from "./assigner.ts";
import { type Engine, withEngine } from "./engine.ts";
import { type LoadedSample, loadSample } from "./loadSample.ts";
import { type RowSource, rowsChanged } from "./rowSource.ts";
import type { Centroids, KMeansOptions, KMeansResult, TrainedCentroids, TrainingOptions } from "./types.ts";

const LEAST_SAMPLE_ROWS = 16_384;
/** Beyond some 256 rows a cluster a centroid moves little more; the library FAISS trains on as many. */
const SAMPLE_ROWS_PER_CLUSTER = 256;
const MOST_SAMPLE_NUMBERS = 2 ** 27;

/** Assignments under way while the next batch is read. */
const MOST_BATCHES_UNDER_WAY = 2;

/**
 * Trains centroids on a sample: greedy K-means++ on part of it, Lloyd's steps on all of it. With no more rows than
 * `sampleRows` that is K-means proper, on every row.
 *
 * BAD_ARGUMENT for clusters, sampleRows and the like out of range, fewer rows than clusters (see `tooFewRows`), or a row
 * of zeros under "cosine"; NOT_FINITE for a row with NaN or infinity, its number in `path`.
 *
 * A coarse quantiser for a search index:
 * ```ts
 * const { centroids } = await trainCentroids(source, { clusters: 1024, sampleRows: 50_000, engine });
 * const assigner = await openAssigner(centroids, { engine });
 * for await (const rows of source.batches()) store((await assigner.assign(rows)).assignments);
 * const { clusters } = await assigner.nearest(query, 16); // the cells to look into
 * ```
 */
export const trainCentroids = async (source: RowSource, options: TrainingOptions): Promise<TrainedCentroids> => {
  checkOptions(source, options);
  return withEngine(options, (engine) => train(engine, source, options));
};

/** Trains centroids (see `trainCentroids`) and assigns every row, batch by batch; memory holds 8 bytes a row beside the sample. */
export const kMeans = async (source: RowSource, options: KMeansOptions): Promise<KMeansResult> => {
  checkOptions(source, options);
  return withEngine(options, async (engine) => {
    const trained = await train(engine, source, options);
    return { ...trained, ...(await assignAll(engine, source, trained.centroids, options)) };
  });
};

const train = async (engine: Engine, source: RowSource, options: TrainingOptions): Promise<TrainedCentroids> => {
  const { seed = 0, signal } = options;
  const sample = await loadSample(engine, source, {
    metric: options.metric ?? "cosine",
    rows: options.sampleRows ?? defaultSampleRows(options.clusters, source.dims),
    seed,
    signal,
  });
  try {
    const { assignments: _, ...trained } = await trainOnLoaded(engine, source.dims, sample, options);
    return trained;
  } finally {
    await sample.release();
  }
};

/** Trains on rows that are in the engine's thread already; gives their assignments too. */
export const trainOnLoaded = async (
  engine: Engine,
  dims: number,
  { handle, rows }: Pick<LoadedSample, "handle" | "rows">,
  { clusters, metric = "cosine", seed = 0, signal, ...options }: TrainingOptions,
): Promise<TrainedCentroids & { assignments: Int32Array }> => {
  const settings = {
    clusters,
    seed,
    restarts: options.restarts ?? (clusters > 128 ? 1 : 3),
    iterations: options.iterations ?? 50,
    tolerance: options.tolerance ?? 1e-4,
  };
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const onAbort = (): void => {
    Atomics.store(cancel, 0, 1);
  };
  signal?.addEventListener("abort", onAbort);
  try {
    const trained = await engine.call("train", { handle, settings, cancel });
    const { values, isEmpty, inertia, converged, assignments } = trained;
    return {
      centroids: { metric, clusters, dims, values, isEmpty },
      seed,
      sampleRows: rows,
      sampleInertia: inertia,
      converged,
      provider: engine.provider,
      assignments,
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
};

const assignAll = async (
  engine: Engine,
  source: RowSource,
  centroids: Centroids,
  { signal, onProgress }: KMeansOptions,
): Promise<Pick<KMeansResult, "centroids" | "assignments" | "distances" | "sizes" | "inertia">> => {
  const assignments = new Int32Array(source.rows);
  const distances = new Float32Array(source.rows);
  const assigner = await openAssignerOn(engine, centroids);
  let rowsDone = 0;
  const underWay: Promise<void>[] = [];
  try {
    let firstRow = 0;
    for await (const rows of source.batches()) {
      signal?.throwIfAborted();
      const from = firstRow;
      firstRow += rows.length / source.dims;
      if (firstRow > source.rows) throw rowsChanged(source);
      const assigned = assigner.assign(rows, from).then((batch) => {
        assignments.set(batch.assignments, from);
        distances.set(batch.distances, from);
        rowsDone += batch.assignments.length;
        onProgress?.(rowsDone);
      });
      // It is awaited further on, where its failure is met; until then it must not count as unhandled.
      assigned.catch(() => {});
      underWay.push(assigned);
      if (underWay.length > MOST_BATCHES_UNDER_WAY) await underWay.shift();
    }
    await Promise.all(underWay);
    if (rowsDone !== source.rows) throw rowsChanged(source);
  } finally {
    await Promise.allSettled(underWay);
    await assigner.close();
  }
  const sizes = new Uint32Array(centroids.clusters);
  for (const cluster of assignments) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return {
    centroids: withoutEmpty(centroids, sizes),
    assignments,
    distances,
    sizes,
    inertia: inertiaOf(distances, centroids.metric),
  };
};

/** Sum of squared Euclidean distances; of unit vectors that is twice their cosine distance. */
const inertiaOf = (distances: Float32Array, metric: Centroids["metric"]): number =>
  metric === "cosine"
    ? distances.reduce((sum, distance) => sum + 2 * distance, 0)
    : distances.reduce((sum, distance) => sum + distance * distance, 0);

/** A centroid that was trained, but is nearest to no row in the end, is as empty as the others. */
const withoutEmpty = (centroids: Centroids, sizes: Uint32Array): Centroids => {
  const values = Float32Array.from(centroids.values);
  const isEmpty = Array.from(sizes, (size) => size === 0);
  isEmpty.forEach((empty, cluster) => {
    if (empty) values.fill(0, cluster * centroids.dims, (cluster + 1) * centroids.dims);
  });
  return { ...centroids, values, isEmpty };
};

export const defaultSampleRows = (clusters: number, dims: number): number =>
  Math.max(
    clusters,
    Math.min(Math.max(LEAST_SAMPLE_ROWS, SAMPLE_ROWS_PER_CLUSTER * clusters), Math.floor(MOST_SAMPLE_NUMBERS / dims)),
  );

const refuse = (what: string, fix: string, path: string): never => {
  throw new HistoError("BAD_ARGUMENT", what, { fix, path: [path] });
};

export const checkOptions = ({ rows }: RowSource, { tooFewRows = "refuse", ...options }: TrainingOptions): void => {
  const { clusters, seed = 0, sampleRows, restarts = 1, iterations = 1, tolerance = 0 } = options;
  const whole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
  if (!whole(clusters, 1)) refuse(`${clusters} is no number of clusters.`, "Give a whole number from 1.", "clusters");
  if (!Number.isInteger(seed)) refuse(`${seed} is no seed.`, "Give a whole number.", "seed");
  if (!whole(restarts, 1)) refuse(`${restarts} is no number of restarts.`, "Give a whole number from 1.", "restarts");
  if (!whole(iterations, 0))
    refuse(`${iterations} is no number of iterations.`, "Give a whole number from 0.", "iterations");
  if (!(tolerance >= 0)) refuse(`${tolerance} is no tolerance.`, "Give a number from 0.", "tolerance");
  if (rows === 0) refuse("There are no rows to group.", "Choose rows that have vectors.", "rows");
  if (rows < clusters && tooFewRows === "refuse") {
    refuse(`${rows} rows cannot make ${clusters} clusters.`, `Ask for at most ${rows} clusters.`, "clusters");
  }
  if (sampleRows !== undefined && !whole(sampleRows, Math.min(clusters, rows))) {
    refuse(
      `A sample of ${sampleRows} rows cannot make ${clusters} clusters.`,
      "Take at least one row a cluster.",
      "sampleRows",
    );
  }
};
