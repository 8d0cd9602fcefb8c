export { openAssigner } from "./assigner.ts";
export { type Engine, type EngineOptions, openEngine } from "./engine.ts";
export { kMeans, trainCentroids } from "./kMeans.ts";
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
