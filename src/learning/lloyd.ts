import { Tensor } from "onnxruntime-node";
import { doublesOf, floatsOf, type GraphPool, integersOf } from "../onnx/graph-pool.ts";
import { centreGraph, NEVER, stepGraph, updateGraph } from "./kMeansGraphs.ts";
import { BLOCK_ROWS } from "./rowBlocks.ts";
import { gatherRows } from "./rowSource.ts";
import type { ClusterMetric } from "./types.ts";

/** Rows that stay in the engine's thread: [rows, dims], finite, of unit length for "cosine". */
export type PreparedRows = {
  metric: ClusterMetric;
  rows: number;
  dims: number;
  values: Float32Array;
  /** [rows] */
  squaredLengths: Float32Array;
};

/** Centroids as the graphs take them. */
export type CentredCentroids = {
  clusters: number;
  values: Tensor;
  weights: Tensor;
  bias: Tensor;
  centre: Tensor;
};

/** A copy of the rows of these numbers; `all` itself when these are all. */
export const partOf = (all: PreparedRows, chosen: Uint32Array): PreparedRows =>
  chosen.length === all.rows
    ? all
    : {
        ...all,
        rows: chosen.length,
        values: Float32Array.from(gatherRows(all.values, all.dims, chosen)),
        squaredLengths: Float32Array.from(chosen, (row) => all.squaredLengths[row] ?? 0),
      };

export const centreCentroids = async (
  pool: GraphPool,
  values: Float32Array,
  dims: number,
  isEmpty: readonly boolean[],
): Promise<CentredCentroids> => {
  const clusters = isEmpty.length;
  const tensor = new Tensor("float32", values, [clusters, dims]);
  const penalty = new Tensor(
    "float32",
    Float32Array.from(isEmpty, (empty) => (empty ? NEVER : 0)),
    [clusters],
  );
  const results = await pool.run("centre", centreGraph, { values: tensor, penalty });
  return {
    clusters,
    values: tensor,
    weights: new Tensor("float32", floatsOf(results, "weights"), [clusters, dims]),
    bias: new Tensor("float32", floatsOf(results, "bias"), [clusters]),
    centre: new Tensor("float32", floatsOf(results, "centre"), [1, dims]),
  };
};

type Step = {
  assignments: Int32Array;
  squared: Float32Array;
  sizes: Float64Array;
  sums: Float64Array;
  inertia: number;
};

/** Assigns all rows to their nearest centroids, and sums the members of each; blocks in fixed order. */
const assignAndSum = async (
  pool: GraphPool,
  { values, rows, dims }: PreparedRows,
  centred: CentredCentroids,
): Promise<Step> => {
  const { clusters } = centred;
  const assignments = new Int32Array(rows);
  const squared = new Float32Array(rows);
  const { centre: _, clusters: __, ...feeds } = centred;
  let sums = new Float64Array(clusters * dims);
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const to = Math.min(rows, from + BLOCK_ROWS);
    const results = await pool.run("step", stepGraph, {
      ...feeds,
      rows: new Tensor("float32", values.subarray(from * dims, to * dims), [to - from, dims]),
      sums: new Tensor("float64", sums, [clusters, dims]),
    });
    assignments.set(integersOf(results, "assignments"), from);
    squared.set(floatsOf(results, "squared"), from);
    sums = doublesOf(results, "newSums") as Float64Array<ArrayBuffer>;
  }
  const sizes = new Float64Array(clusters);
  for (const cluster of assignments) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return { assignments, squared, sizes, sums, inertia: squared.reduce((sum, value) => sum + value, 0) };
};

const update = async (
  pool: GraphPool,
  { metric, dims }: PreparedRows,
  { sums, sizes }: Step,
  previous: Float32Array,
): Promise<Float32Array> => {
  const clusters = sizes.length;
  const results = await pool.run(`update ${metric}`, updateGraph(metric), {
    sums: new Tensor("float64", sums, [clusters, dims]),
    // The length of a sum takes the place of the count where rows are of unit length; see the graph.
    ...(metric === "euclidean" && { counts: new Tensor("float64", sizes, [clusters, 1]) }),
    previous: new Tensor("float32", previous, [clusters, dims]),
  });
  return floatsOf(results, "updated");
};

/** Puts the centroids that no row chose onto the rows that lie farthest from their own; gives which stay empty. */
const reseedEmpty = (sample: PreparedRows, values: Float32Array, { sizes, squared }: Step): boolean[] => {
  const isEmpty = Array.from(sizes, (size) => size === 0);
  const empty = isEmpty.flatMap((none, cluster) => (none ? [cluster] : []));
  if (empty.length === 0) return isEmpty;
  const farthest = Uint32Array.from(squared, (_, row) => row)
    .filter((row) => (squared[row] ?? 0) > 0)
    .sort((a, b) => (squared[b] ?? 0) - (squared[a] ?? 0) || a - b);
  empty.slice(0, farthest.length).forEach((cluster, rank) => {
    values.set(gatherRows(sample.values, sample.dims, [farthest[rank] ?? 0]), cluster * sample.dims);
    isEmpty[cluster] = false;
  });
  return isEmpty;
};

export type LloydOptions = { iterations: number; tolerance: number; checkCancelled(): void };
export type LloydResult = {
  values: Float32Array;
  isEmpty: boolean[];
  /** Before each step, and after the last. */
  inertia: number[];
  converged: boolean;
  /** [rows] */
  assignments: Int32Array;
};

/**
 * Lloyd's steps (1982) until one lowers the inertia by less than `tolerance` of it. A cluster that loses its rows is
 * moved to the row farthest from its centroid, which can only lower the inertia; what stays without rows is empty.
 */
export const lloyd = async (
  pool: GraphPool,
  sample: PreparedRows,
  start: { values: Float32Array; isEmpty: boolean[] },
  { iterations, tolerance, checkCancelled }: LloydOptions,
): Promise<LloydResult> => {
  let { values, isEmpty } = start;
  const inertia: number[] = [];
  for (let step = 0; ; step++) {
    checkCancelled();
    const assigned = await assignAndSum(pool, sample, await centreCentroids(pool, values, sample.dims, isEmpty));
    inertia.push(assigned.inertia);
    const before = inertia.at(-2);
    const converged =
      assigned.inertia === 0 || (before !== undefined && before - assigned.inertia <= tolerance * before);
    if (converged || step >= iterations) {
      const isEmpty = Array.from(assigned.sizes, (size) => size === 0);
      return { values, isEmpty, inertia, converged, assignments: assigned.assignments };
    }
    // A graph's output may lie in memory that cannot be written or given away; a copy can.
    values = Float32Array.from(await update(pool, sample, assigned, values));
    isEmpty = reseedEmpty(sample, values, assigned);
  }
};
