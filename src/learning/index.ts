export { openAssigner } from "./assigner.ts";
export {
  type ClusterCountOptions,
  type ClusterCountReport,
  compareClusterCounts,
  type Silhouette,
  type SilhouetteOptions,
  silhouette,
} from "./clusterCounts.ts";
export {
  type Agreement,
  adjustedRandIndex,
  clusterAgreement,
  completeness,
  homogeneity,
  type Labels,
  purity,
  vMeasure,
} from "./clusterMetrics.ts";
export { type Engine, type EngineOptions, openEngine } from "./engine.ts";
export { kMeans, trainCentroids } from "./kMeans.ts";
export { openProjector, type PcaOptions, type PrincipalComponents, type Projector, pca, projectedRows } from "./pca.ts";
export { sampleWithoutReplacement, seededRandom } from "./random.ts";
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
