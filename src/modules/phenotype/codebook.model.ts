import {
  type Assigner,
  type Assignment,
  type Engine,
  openAssigner,
  openProjector,
  type Projector,
  pca,
  projectedRows,
  type RowSource,
  type Rows,
  trainCentroids,
} from "../../learning/index.ts";
import type { NewCodebook } from "../../store/codebooks.ts";
import type { CodebookBuild } from "../../store/generated/client.ts";
import { type Components, packComponents, unpackComponents } from "./principalComponents.ts";
import { bytesOf, floatsOf } from "./vectorBytes.ts";

/** Of a codebook, what assigning needs; as it is stored, so that a fresh codebook assigns as one that was read again. */
export type CodebookModel = Pick<NewCodebook, "explainedVariance" | "projection" | "phenotypes">;

/** [components, dims] as [dims, components]. */
const transposed = (values: Float64Array, columns: number): Float64Array => {
  const rows = values.length / columns;
  return Float64Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number,
  );
};

/**
 * Points among the components, [points, components], in the space of the vectors, [points, dims]: the sum of the directions
 * by the coordinates, plus the mean. It is what projecting does, with the transposed directions.
 */
const broughtBack = async (points: Float32Array, from: Components, engine: Engine): Promise<Float32Array> => {
  const { mean, directions, explainedVariance, components, dims, whiten } = from;
  const unscaled = whiten
    ? points.map((value, i) => value * Math.sqrt(explainedVariance[i % components] as number))
    : points.slice();
  const back = await openProjector(
    {
      ...from,
      whiten: false,
      mean: new Float64Array(components),
      directions: transposed(directions, dims),
      explainedVariance: new Float64Array(dims),
      dims: components,
      components: dims,
    },
    { engine },
  );
  try {
    return (await back.project(unscaled)).map((value, i) => value + (mean[i % dims] as number));
  } finally {
    await back.close();
  }
};

type Recipe = Pick<CodebookBuild, "clusters" | "seed" | "sample" | "pca" | "whiten">;

const train = (
  source: RowSource,
  { clusters, seed, sample }: Recipe,
  metric: "cosine" | "euclidean",
  engine: Engine,
  signal: AbortSignal,
) =>
  trainCentroids(source, {
    clusters,
    seed,
    metric,
    engine,
    signal,
    tooFewRows: "leave-empty",
    ...(sample !== null && { sampleRows: Math.min(sample, Math.max(source.rows, clusters)) }),
  });

/** The clusters that are not empty; `values` is [clusters, dims]. */
const filled = (values: Float32Array, dims: number, isEmpty: readonly boolean[]) =>
  isEmpty.flatMap((empty, index) =>
    empty ? [] : [{ index, values: values.subarray(index * dims, (index + 1) * dims) }],
  );

/**
 * Fits a codebook to vectors: spherical K-means, or with `pca` K-means among the principal components. Clusters that nothing
 * falls into are left out, never made up.
 */
export const fitCodebook = async (
  source: RowSource,
  recipe: Recipe,
  engine: Engine,
  signal: AbortSignal,
): Promise<CodebookModel> => {
  const { dims } = source;
  if (recipe.pca === null) {
    const { centroids } = await train(source, recipe, "cosine", engine, signal);
    const phenotypes = filled(centroids.values, dims, centroids.isEmpty).map(({ index, values }) => ({
      index,
      centroid: bytesOf(values),
      fitted: null,
    }));
    return { explainedVariance: [], projection: null, phenotypes };
  }
  const components = await pca(source, {
    components: recipe.pca,
    whiten: recipe.whiten,
    seed: recipe.seed,
    engine,
    signal,
  });
  const projector = await openProjector(components, { engine });
  try {
    const { centroids } = await train(projectedRows(source, projector), recipe, "euclidean", engine, signal);
    const back = await broughtBack(centroids.values, components, engine);
    const phenotypes = filled(centroids.values, recipe.pca, centroids.isEmpty).map(({ index, values }) => ({
      index,
      centroid: bytesOf(back.subarray(index * dims, (index + 1) * dims)),
      fitted: bytesOf(values),
    }));
    return {
      explainedVariance: [...components.explainedVarianceRatio],
      projection: packComponents(components),
      phenotypes,
    };
  } finally {
    await projector.close();
  }
};

export type CodebookAssigner = {
  metric: "cosine" | "euclidean";
  /** Numbers of the phenotypes of vectors of the feature set [rows, dims], and distances to their centroids. */
  assign(rows: Rows): Promise<Assignment>;
  /** Vectors of the feature set, in the space that was clustered. */
  clusteredRows(source: RowSource): RowSource;
  close(): Promise<void>;
};

/** Opens a codebook for assigning vectors, without refitting it. */
export const openCodebook = async (
  { phenotypes, projection }: CodebookModel,
  { clusters, pca: components, whiten }: Recipe,
  dims: number,
  engine: Engine,
): Promise<CodebookAssigner> => {
  const width = components ?? dims;
  const values = new Float32Array(clusters * width);
  const isEmpty = Array.from({ length: clusters }, () => true);
  for (const { index, centroid, fitted } of phenotypes) {
    values.set(floatsOf(fitted ?? centroid), index * width);
    isEmpty[index] = false;
  }
  const metric = components === null ? "cosine" : "euclidean";
  const assigner: Assigner = await openAssigner({ metric, clusters, dims: width, values, isEmpty }, { engine });
  const projector: Projector | undefined =
    components === null || projection === null
      ? undefined
      : await openProjector(unpackComponents(projection, dims, components, whiten), { engine });
  return {
    metric,
    assign: async (rows) => assigner.assign(projector ? await projector.project(rows) : rows),
    clusteredRows: (source) => (projector ? projectedRows(source, projector) : source),
    close: async () => {
      await assigner.close();
      await projector?.close();
    },
  };
};
