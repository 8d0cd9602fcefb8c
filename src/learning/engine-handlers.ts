import { Tensor } from "onnxruntime-node";
import type { CallHandlers } from "../onnx/call-thread.ts";
import { type Feeds, floatsOf, type GraphPool, integersOf, type Results } from "../onnx/graph-pool.ts";
import type { Batch, EngineCalls } from "./engine-calls.ts";
import { assignGraph, distancesGraph, nearestGraph, prepareGraph } from "./kMeansGraphs.ts";
import { type CentredCentroids, centreCentroids, type PreparedRows, partOf } from "./lloyd.ts";
import { pcaHandlers } from "./pca-handlers.ts";
import { blocksOf, held, rowsTensor } from "./rowBlocks.ts";
import { silhouettes } from "./silhouette.ts";
import { trainOnSample } from "./training.ts";
import type { Centroids } from "./types.ts";
import { refuseUnusableRows } from "./unusableRows.ts";

type GrowingRows = PreparedRows & { filled: number };
type LoadedCentroids = Centroids & { centred: CentredCentroids };

/** What the engine's thread does for each call. Rows come in blocks, so that memory does not grow with a batch. */
export const engineHandlers = (pool: GraphPool): CallHandlers<EngineCalls> => {
  const rowsOf = new Map<number, GrowingRows>();
  const centroidsOf = new Map<number, LoadedCentroids>();
  const { forget, ...pca } = pcaHandlers(pool);

  /** Runs the graph on each block and hands its results to `take`, with the block's first row. */
  const overBlocks = async (
    { rows, firstRow }: Batch,
    { metric, dims, centred }: LoadedCentroids,
    graph: { name: string; build: typeof assignGraph; check: string; feeds: Feeds },
    take: (results: Results, from: number) => void,
  ): Promise<void> => {
    const half = rows instanceof Uint16Array;
    for (const { block, from } of blocksOf(rows, dims)) {
      const feeds = { ...graph.feeds, weights: centred.weights, bias: centred.bias, rows: rowsTensor(block, dims) };
      const results = await pool.run(`${graph.name} ${metric} ${half}`, graph.build(half, metric), feeds);
      refuseUnusableRows(floatsOf(results, graph.check), block, dims, metric, (row) => firstRow + from + row);
      take(results, from);
    }
  };

  return {
    ...pca,

    openRows: ({ handle, rows, dims, metric }) => {
      const values = new Float32Array(rows * dims);
      rowsOf.set(handle, { metric, rows, dims, values, squaredLengths: new Float32Array(rows), filled: 0 });
      return null;
    },

    addRows: async ({ handle, rows, numbers }) => {
      const to = held(rowsOf, handle);
      const { metric, dims } = to;
      const half = rows instanceof Uint16Array;
      for (const { block, from } of blocksOf(rows, dims)) {
        const results = await pool.run(`prepare ${metric} ${half}`, prepareGraph(half, metric), {
          rows: rowsTensor(block, dims),
        });
        const squaredLengths = floatsOf(results, "squaredLengths");
        refuseUnusableRows(squaredLengths, block, dims, metric, (row) => numbers[from + row] ?? 0);
        to.values.set(floatsOf(results, "prepared"), to.filled * dims);
        to.squaredLengths.set(squaredLengths, to.filled);
        to.filled += squaredLengths.length;
      }
      return null;
    },

    train: async ({ handle, settings, cancel }) => {
      const sample = held(rowsOf, handle);
      const { values, ...trained } = await trainOnSample(pool, sample, settings, () => {
        if (Atomics.load(cancel, 0) !== 0) throw new Error("The training was cancelled.");
      });
      trained.isEmpty.forEach((empty, cluster) => {
        if (empty) values.fill(0, cluster * sample.dims, (cluster + 1) * sample.dims);
      });
      return { ...trained, values: Float32Array.from(values) };
    },

    silhouette: ({ handle, chosen, assignments, clusters }) =>
      silhouettes(pool, partOf(held(rowsOf, handle), chosen), assignments, clusters),

    openCentroids: async ({ handle, centroids }) => {
      const centred = await centreCentroids(pool, centroids.values, centroids.dims, centroids.isEmpty);
      centroidsOf.set(handle, { ...centroids, centred });
      return null;
    },

    assign: async ({ handle, ...batch }) => {
      const centroids = held(centroidsOf, handle);
      const rows = batch.rows.length / centroids.dims;
      const assignments = new Int32Array(rows);
      const distances = new Float32Array(rows);
      const feeds = { values: centroids.centred.values };
      const graph = { name: "assign", build: assignGraph, check: "distances", feeds };
      await overBlocks(batch, centroids, graph, (results, from) => {
        assignments.set(integersOf(results, "assignments"), from);
        distances.set(floatsOf(results, "distances"), from);
      });
      return { assignments, distances };
    },

    distances: async ({ handle, ...batch }) => {
      const centroids = held(centroidsOf, handle);
      const distances = new Float32Array((batch.rows.length / centroids.dims) * centroids.clusters);
      const feeds = { centre: centroids.centred.centre };
      const graph = { name: "distances", build: distancesGraph, check: "usable", feeds };
      await overBlocks(batch, centroids, graph, (results, from) => {
        distances.set(floatsOf(results, "distances"), from * centroids.clusters);
      });
      return distances;
    },

    nearest: async ({ handle, count, ...batch }) => {
      const centroids = held(centroidsOf, handle);
      const rows = batch.rows.length / centroids.dims;
      const clusters = new Int32Array(rows * count);
      const distances = new Float32Array(rows * count);
      const counted = new Tensor("int64", BigInt64Array.of(BigInt(count)), [1]);
      const feeds = { centre: centroids.centred.centre, count: counted };
      const graph = { name: "nearest", build: nearestGraph, check: "usable", feeds };
      await overBlocks(batch, centroids, graph, (results, from) => {
        clusters.set(integersOf(results, "clusters"), from * count);
        distances.set(floatsOf(results, "distances"), from * count);
      });
      return { clusters, distances };
    },

    release: ({ handle }) => {
      rowsOf.delete(handle);
      centroidsOf.delete(handle);
      forget(handle);
      return null;
    },
  };
};
