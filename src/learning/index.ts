/**
 * K-means, PCA and clustering metrics on ONNX Runtime.
 *
 * The signatures: `trainCentroids(source: RowSource, options: TrainingOptions): Promise<TrainedCentroids>`,
 * `openAssigner(centroids: Centroids, choice?: EngineChoice): Promise<Assigner>`,
 * `kMeans(source: RowSource, options: KMeansOptions): Promise<KMeansResult>` (train on a sample, then assign all rows),
 * `openEngine(options?: { providers?, threads? }): Promise<Engine>`.
 */
export type { Engine } from "./engine.ts";
export { type RowSource, type Rows, rowsInMemory } from "./rowSource.ts";
export type {
  Assigner,
  Assignment,
  Centroids,
  ClusterMetric,
  EngineChoice,
  KMeansOptions,
  KMeansResult,
  NearestClusters,
  TrainedCentroids,
  TrainingOptions,
} from "./types.ts";
