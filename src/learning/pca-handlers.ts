import { Tensor } from "onnxruntime-node";
import type { CallHandlers } from "../onnx/call-thread.ts";
import { doublesOf, floatsOf, type GraphPool } from "../onnx/graph-pool.ts";
import type { EngineCalls, PcaCall, Projection } from "./engine-calls.ts";
import { blockMeanGraph, covarianceGraph, gramGraph, projectGraph } from "./pcaGraphs.ts";
import { BLOCK_ROWS, blocksOf, held, rowsTensor } from "./rowBlocks.ts";
import { greatestEigenpairs } from "./subspaceIteration.ts";
import { refuseUnusableRows } from "./unusableRows.ts";

type Gram = { dims: number; count: number; shift: Float32Array | null; gram: Float64Array; sums: Float64Array };

/** Enough rows that adding the square [dims, dims] costs little beside computing it. */
const gramRows = (dims: number): number => Math.min(4096, Math.max(BLOCK_ROWS, 2 * dims));

export const pcaHandlers = (
  pool: GraphPool,
): Pick<CallHandlers<EngineCalls>, PcaCall> & { forget(handle: number): void } => {
  const grams = new Map<number, Gram>();
  const projections = new Map<number, Projection>();
  return {
    openGram: ({ handle, dims }) => {
      const gram = new Float64Array(dims * dims);
      grams.set(handle, { dims, count: 0, shift: null, gram, sums: new Float64Array(dims) });
      return null;
    },

    addGram: async ({ handle, rows, firstRow }) => {
      const to = held(grams, handle);
      const { dims } = to;
      const half = rows instanceof Uint16Array;
      for (const { block, from } of blocksOf(rows, dims, gramRows(dims))) {
        const feed = rowsTensor(block, dims);
        to.shift ??= Float32Array.from(
          floatsOf(await pool.run(`block mean ${half}`, blockMeanGraph(half), { rows: feed }), "mean"),
        );
        const results = await pool.run(`gram ${half}`, gramGraph(half), {
          rows: feed,
          shift: new Tensor("float32", to.shift, [1, dims]),
          gram: new Tensor("float64", to.gram, [dims, dims]),
          sums: new Tensor("float64", to.sums, [1, dims]),
        });
        refuseUnusableRows(floatsOf(results, "usable"), block, dims, "euclidean", (row) => firstRow + from + row);
        to.gram = doublesOf(results, "newGram");
        to.sums = doublesOf(results, "newSums");
        to.count += block.length / dims;
      }
      return null;
    },

    decompose: async ({ handle, components, seed }) => {
      const { dims, count, shift, gram, sums } = held(grams, handle);
      const results = await pool.run("covariance", covarianceGraph, {
        gram: new Tensor("float64", gram, [dims, dims]),
        sums: new Tensor("float64", sums, [1, dims]),
        shift: new Tensor("float32", shift ?? new Float32Array(dims), [1, dims]),
        count: new Tensor("float64", Float64Array.of(count), []),
      });
      const covariance = doublesOf(results, "covariance");
      const { values, vectors } = await greatestEigenpairs(pool, covariance, dims, components, seed);
      const totalVariance = covariance.reduce((sum, value, i) => (i % (dims + 1) === 0 ? sum + value : sum), 0);
      return {
        mean: Float64Array.from(doublesOf(results, "mean")),
        // Rounding can leave a direction without variance a little below zero.
        explainedVariance: values.map((value) => Math.max(0, value)),
        directions: vectors,
        totalVariance,
      };
    },

    openProjection: ({ handle, projection }) => {
      projections.set(handle, projection);
      return null;
    },

    project: async ({ handle, rows, firstRow }) => {
      const { mean, directions, scale } = held(projections, handle);
      const dims = mean.length;
      const components = scale.length;
      const projected = new Float32Array((rows.length / dims) * components);
      const half = rows instanceof Uint16Array;
      for (const { block, from } of blocksOf(rows, dims)) {
        const results = await pool.run(`project ${half}`, projectGraph(half), {
          rows: rowsTensor(block, dims),
          mean: new Tensor("float32", mean, [1, dims]),
          directions: new Tensor("float32", directions, [components, dims]),
          scale: new Tensor("float32", scale, [1, components]),
        });
        refuseUnusableRows(floatsOf(results, "usable"), block, dims, "euclidean", (row) => firstRow + from + row);
        projected.set(floatsOf(results, "projected"), from * components);
      }
      return projected;
    },

    forget: (handle) => {
      grams.delete(handle);
      projections.delete(handle);
    },
  };
};
