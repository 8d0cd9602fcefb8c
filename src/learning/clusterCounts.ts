import { HistoError } from "../platform/errors.ts";
import { adjustedRandIndex } from "./clusterMetrics.ts";
import { type Engine, withEngine } from "./engine.ts";
import { checkOptions, defaultSampleRows, trainOnLoaded } from "./kMeans.ts";
import { loadSample } from "./loadSample.ts";
import { sampleWithoutReplacement, seededRandom } from "./random.ts";
import type { RowSource } from "./rowSource.ts";
import type { ClusterMetric, EngineChoice, TrainingOptions } from "./types.ts";

/** Rows whose distances to one another make a silhouette: the matrix has their square of entries. */
const SILHOUETTE_ROWS = 2000;

export type SilhouetteOptions = {
  /** Default "cosine". */
  metric?: ClusterMetric;
  /** Default 2,000; at most 8,192. */
  sampleRows?: number;
  seed?: number;
  signal?: AbortSignal;
} & EngineChoice;

export type Silhouette = {
  /** Mean over the rows, from −1 to 1; null when they are of one cluster only. */
  mean: number | null;
  /** Numbers of the rows, ascending, and the silhouette of each (0 for the only row of a cluster). */
  rows: Uint32Array;
  values: Float64Array;
};

/** Silhouette (Rousseeuw 1987) of a sample of the rows; `assignments` [source.rows] are whole numbers from 0. */
export const silhouette = async (
  source: RowSource,
  assignments: Int32Array,
  options: SilhouetteOptions = {},
): Promise<Silhouette> => {
  const { metric = "cosine", sampleRows = SILHOUETTE_ROWS, seed = 0, signal } = options;
  if (assignments.length !== source.rows || assignments.some((cluster) => cluster < 0)) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `${assignments.length} assignments are not one for each of ${source.rows} rows.`,
      {
        fix: "Give the number of its cluster, from 0, for each row.",
        path: ["assignments"],
      },
    );
  }
  if (!(Number.isInteger(sampleRows) && sampleRows >= 1 && sampleRows <= 8192)) {
    throw new HistoError("BAD_ARGUMENT", `A silhouette of ${sampleRows} rows cannot be computed.`, {
      fix: "Take 1 to 8192 rows.",
      path: ["sampleRows"],
    });
  }
  return withEngine(options, async (engine) => {
    const sample = await loadSample(engine, source, { metric, rows: sampleRows, seed, signal });
    try {
      const all = Uint32Array.from({ length: sample.rows }, (_, row) => row);
      const chosen = Int32Array.from(sample.numbers, (row) => assignments[row] ?? 0);
      return { rows: sample.numbers, ...(await silhouetteOfHeld(engine, sample.handle, all, chosen)) };
    } finally {
      await sample.release();
    }
  });
};

const silhouetteOfHeld = async (
  engine: Engine,
  handle: number,
  chosen: Uint32Array,
  assignments: Int32Array,
): Promise<Pick<Silhouette, "mean" | "values">> => {
  const clusters = assignments.reduce((most, cluster) => Math.max(most, cluster), 0) + 1;
  if (new Set(assignments).size < 2) return { mean: null, values: new Float64Array(assignments.length) };
  const values = await engine.call("silhouette", { handle, chosen, assignments, clusters });
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, values };
};

export type ClusterCountOptions = Omit<TrainingOptions, "clusters" | "tooFewRows"> & {
  /** The numbers of clusters to compare. */
  clusters: readonly number[];
  /** Seeds that each number is tried with, from `seed` on; at least 3 (the default). */
  seeds?: number;
};

/** What a number of clusters would give, on the sample. */
export type ClusterCountReport = {
  clusters: number;
  /** Mean squared distance of a row to its centroid, of the best seed. It falls as clusters are added: look for a bend. */
  inertiaPerRow: number;
  /** Of the best seed, on at most 2,000 rows; null for one cluster. Higher is better. */
  silhouette: number | null;
  /** Mean adjusted Rand index of the groupings by each two seeds: 1 when the seed does not matter. */
  stability: number;
  seeds: number;
};

/** Compares numbers of clusters on one sample, for a person to choose among. Throws what `trainCentroids` throws. */
export const compareClusterCounts = async (
  source: RowSource,
  { clusters: counts, seeds = 3, ...options }: ClusterCountOptions,
): Promise<ClusterCountReport[]> => {
  if (counts.length === 0 || !(Number.isInteger(seeds) && seeds >= 3)) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `${counts.length} numbers of clusters and ${seeds} seeds cannot be compared.`,
      {
        fix: "Give at least one number of clusters and three seeds.",
        path: [counts.length === 0 ? "clusters" : "seeds"],
      },
    );
  }
  for (const clusters of counts) checkOptions(source, { ...options, clusters });
  const { metric = "cosine", seed = 0, signal } = options;
  const rows = options.sampleRows ?? defaultSampleRows(Math.max(...counts), source.dims);
  return withEngine(options, async (engine) => {
    const sample = await loadSample(engine, source, { metric, rows, seed, signal });
    const chosen = sampleWithoutReplacement(seededRandom(seed), sample.rows, SILHOUETTE_ROWS);
    const report: ClusterCountReport[] = [];
    try {
      for (const clusters of counts) {
        const trained = [];
        for (let i = 0; i < seeds; i++) {
          trained.push(await trainOnLoaded(engine, source.dims, sample, { ...options, clusters, seed: seed + i }));
        }
        const inertias = trained.map(({ sampleInertia }) => sampleInertia.at(-1) ?? Number.POSITIVE_INFINITY);
        const inertia = Math.min(...inertias);
        const best = trained[inertias.indexOf(inertia)]?.assignments ?? new Int32Array(sample.rows);
        const ofChosen = Int32Array.from(chosen, (row) => best[row] ?? 0);
        report.push({
          clusters,
          inertiaPerRow: inertia / sample.rows,
          silhouette: (await silhouetteOfHeld(engine, sample.handle, chosen, ofChosen)).mean,
          stability: meanAgreement(trained.map(({ assignments }) => assignments)),
          seeds,
        });
      }
    } finally {
      await sample.release();
    }
    return report;
  });
};

const meanAgreement = (groupings: readonly Int32Array[]): number => {
  const indices = groupings.flatMap((a, i) => groupings.slice(i + 1).map((b) => adjustedRandIndex(a, b)));
  return indices.reduce((sum, index) => sum + index, 0) / indices.length;
};
