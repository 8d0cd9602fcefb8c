import type { Device } from "../onnx/providers.ts";
import type { Rows } from "./rowSource.ts";
import type { TrainSettings } from "./training.ts";
import type { Assignment, Centroids, ClusterMetric } from "./types.ts";

/** What the engine's thread is started with, and tells when it is ready. */
export type EngineData = { providers: readonly Device[]; threads: number };
export type EngineReady = { provider: Device };

/** Rows of a batch, and the number of its first for messages. */
export type Batch = { rows: Rows; firstRow: number };

/** `assignments` of the rows trained on. */
type Trained = {
  values: Float32Array;
  isEmpty: boolean[];
  inertia: number[];
  converged: boolean;
  assignments: Int32Array;
};

/** mean [dims], directions [components, dims], scale [components]. */
export type Projection = { mean: Float32Array; directions: Float32Array; scale: Float32Array };

export type PcaCall = "openGram" | "addGram" | "decompose" | "openProjection" | "project";

/** `handle` names what stays in the thread between calls; the caller counts them up. */
export type EngineCalls = {
  /** Makes room for prepared rows. */
  openRows: { args: { handle: number; rows: number; dims: number; metric: ClusterMetric }; result: null };
  /** Prepares rows and appends them; `numbers` are theirs in the source. */
  addRows: { args: { handle: number; rows: Rows; numbers: Uint32Array }; result: null };
  /** `cancel[0]` becomes 1 when the caller has lost interest. */
  train: {
    args: { handle: number; settings: TrainSettings; cancel: Int32Array };
    result: Trained;
  };
  /** Of the rows `chosen` among those held; `assignments` are theirs. */
  silhouette: {
    args: { handle: number; chosen: Uint32Array; assignments: Int32Array; clusters: number };
    result: Float64Array;
  };
  openCentroids: { args: { handle: number; centroids: Centroids }; result: null };
  assign: { args: { handle: number } & Batch; result: Assignment };
  distances: { args: { handle: number } & Batch; result: Float32Array };
  nearest: {
    args: { handle: number; count: number } & Batch;
    result: { clusters: Int32Array; distances: Float32Array };
  };
  openGram: { args: { handle: number; dims: number }; result: null };
  /** Adds rows to the sums of which the covariance is made. */
  addGram: { args: { handle: number } & Batch; result: null };
  decompose: {
    args: { handle: number; components: number; seed: number };
    result: { mean: Float64Array; explainedVariance: Float64Array; directions: Float64Array; totalVariance: number };
  };
  openProjection: { args: { handle: number; projection: Projection }; result: null };
  project: { args: { handle: number } & Batch; result: Float32Array };
  release: { args: { handle: number }; result: null };
};
