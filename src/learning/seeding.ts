import { Tensor } from "onnxruntime-node";
import { floatsOf, type GraphPool, integersOf } from "../onnx/graph-pool.ts";
import { seedGraph } from "./kMeansGraphs.ts";
import type { PreparedRows } from "./lloyd.ts";
import { drawWeighted, type Random } from "./random.ts";
import { gatherRows } from "./rowSource.ts";

/**
 * Greedy K-means++ (Arthur & Vassilvitskii 2007): each next seed is drawn in proportion to the squared distance to the
 * seeds so far, and of 2 + ⌊ln K⌋ such candidates the one that lowers the sum most is kept. Clusters are left empty when
 * every row is a seed already.
 */
export const seedCentroids = async (
  pool: GraphPool,
  { values, squaredLengths, rows, dims }: PreparedRows,
  clusters: number,
  random: Random,
  checkCancelled: () => void,
): Promise<{ values: Float32Array; isEmpty: boolean[] }> => {
  const feeds = {
    rows: new Tensor("float32", values, [rows, dims]),
    squaredLengths: new Tensor("float32", squaredLengths, [rows, 1]),
  };
  const trials = 2 + Math.floor(Math.log(clusters));
  const seeds: number[] = [];
  const isSeed = new Set<number>();
  let closest = new Float32Array(rows).fill(3e38);
  while (seeds.length < clusters) {
    checkCancelled();
    const total = closest.reduce((sum, value) => sum + value, 0);
    if (seeds.length > 0 && !(total > 0)) break;
    const drawn =
      seeds.length === 0
        ? [random.below(rows)]
        : Array.from({ length: trials }, () => drawWeighted(random, closest, total));
    const results = await pool.run("seed", seedGraph, {
      ...feeds,
      candidates: new Tensor("int32", Int32Array.from(drawn), [drawn.length]),
      closest: new Tensor("float32", closest, [rows, 1]),
    });
    const seed = drawn[integersOf(results, "best")[0] ?? 0] ?? 0;
    closest = Float32Array.from(floatsOf(results, "newClosest"));
    // Rounding leaves a little distance between a row and itself, by which it could be drawn again.
    if (!isSeed.has(seed)) seeds.push(seed);
    isSeed.add(seed);
    for (const row of isSeed) closest[row] = 0;
  }
  const chosen = new Float32Array(clusters * dims);
  chosen.set(gatherRows(values, dims, seeds));
  return { values: chosen, isEmpty: Array.from({ length: clusters }, (_, cluster) => cluster >= seeds.length) };
};
