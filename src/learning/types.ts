import type { Device } from "../onnx/providers.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { Rows } from "./rowSource.ts";

/**
 * "cosine": rows are scaled to unit length and centroids too (spherical K-means, Dhillon & Modha 2001); a distance is
 * 1 − cosine. "euclidean": a distance is the Euclidean one.
 */
export type ClusterMetric = "cosine" | "euclidean";

/** Cluster centres, all that assigning new rows needs. */
export type Centroids = {
  metric: ClusterMetric;
  clusters: number;
  dims: number;
  /** Row-major [clusters, dims]; unit length for "cosine"; zeros where `isEmpty`. */
  values: Float32Array;
  /** [clusters]: a cluster that no row belongs to. It keeps its number, and no row is ever assigned to it. */
  isEmpty: readonly boolean[];
};

/** Where the graphs run. An engine that is given stays open, and serves one call after another; else one is started. */
export type EngineChoice = EngineOptions & { engine?: Engine };

export type TrainingOptions = {
  /** K, at least 1. */
  clusters: number;
  /** Default "cosine". */
  metric?: ClusterMetric;
  /** An integer; the same seed, rows, provider and threads give the same bits. Default 0. */
  seed?: number;
  /** Rows that the centroids are trained on, drawn without replacement. Default: 256 per cluster, at least 16,384, at most 512 MiB. */
  sampleRows?: number;
  /** Seedings that are tried on part of the sample before the best is trained. Default 3, one from 129 clusters on. */
  restarts?: number;
  /** The most Lloyd steps. Default 50. */
  iterations?: number;
  /** Training ends when a step lowers the inertia by less than this share of it. Default 1e-4. */
  tolerance?: number;
  /**
   * What to do with fewer rows than clusters: refuse with BAD_ARGUMENT (default), or leave the surplus clusters empty.
   * Clusters beyond the number of different rows are empty under either.
   */
  tooFewRows?: "refuse" | "leave-empty";
  signal?: AbortSignal;
} & EngineChoice;

export type TrainedCentroids = {
  centroids: Centroids;
  seed: number;
  sampleRows: number;
  /** Sum of squared Euclidean distances of the sample to its centroids before each step and after the last; never rises. */
  sampleInertia: readonly number[];
  /** True when the tolerance was reached within `iterations`. */
  converged: boolean;
  provider: Device;
};

export type KMeansOptions = TrainingOptions & {
  /** Called during the assignment, with the rows done so far. */
  onProgress?(rowsDone: number): void;
};

export type KMeansResult = TrainedCentroids & {
  /** [rows]: the number of each row's cluster. */
  assignments: Int32Array;
  /** [rows]: distance of each row to its own centroid, in the metric. */
  distances: Float32Array;
  /** [clusters]: rows of each cluster. */
  sizes: Uint32Array;
  /** Sum of squared Euclidean distances to the own centroid (of unit rows for "cosine": twice the sum of distances). */
  inertia: number;
};

export type Assignment = { assignments: Int32Array; distances: Float32Array };

/** Nearest clusters of each row, nearest first, row-major [rows, count]; empty clusters are never among them. */
export type NearestClusters = { count: number; clusters: Int32Array; distances: Float32Array };

/** Rows given to it are transferred (see RowSource); several calls may be under way and are answered in turn. */
export type Assigner = {
  centroids: Centroids;
  provider: Device;
  /** The nearest centroid of each row, and the distance to it. */
  assign(rows: Rows): Promise<Assignment>;
  /** Distances of each row to every centroid, row-major [rows, clusters]; Infinity to an empty cluster. */
  distances(rows: Rows): Promise<Float32Array>;
  /** At most `count` clusters: fewer where fewer are not empty. */
  nearest(rows: Rows, count: number): Promise<NearestClusters>;
  close(): Promise<void>;
};
