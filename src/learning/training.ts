import type { GraphPool } from "../onnx/graph-pool.ts";
import { type LloydResult, lloyd, type PreparedRows, partOf } from "./lloyd.ts";
import { sampleWithoutReplacement, seededRandom } from "./random.ts";
import { seedCentroids } from "./seeding.ts";

export type TrainSettings = {
  clusters: number;
  seed: number;
  restarts: number;
  iterations: number;
  tolerance: number;
};

/** Rows that seeds are chosen among: K-means++ looks at all of them once a cluster. */
const LEAST_SEEDING_ROWS = 4096;
const SEEDING_ROWS_PER_CLUSTER = 8;
/** Steps by which seedings are compared: the first few lower the inertia most. */
const TRIAL_STEPS = 4;

/** Seeds on part of the sample, `restarts` times; trains the best on all of it. */
export const trainOnSample = async (
  pool: GraphPool,
  sample: PreparedRows,
  { clusters, seed, restarts, iterations, tolerance }: TrainSettings,
  checkCancelled: () => void,
): Promise<LloydResult> => {
  const random = seededRandom(seed);
  const seedingRows = Math.max(LEAST_SEEDING_ROWS, SEEDING_ROWS_PER_CLUSTER * clusters);
  const part = partOf(sample, sampleWithoutReplacement(random, sample.rows, seedingRows));
  let best: LloydResult | undefined;
  for (let attempt = 0; attempt < restarts; attempt++) {
    const seeds = await seedCentroids(pool, part, clusters, random, checkCancelled);
    const trial = await lloyd(pool, part, seeds, { iterations: TRIAL_STEPS, tolerance, checkCancelled });
    if (!best || lastOf(trial) < lastOf(best)) best = trial;
  }
  if (!best) throw new Error("No seeding was tried.");
  return lloyd(pool, sample, best, { iterations, tolerance, checkCancelled });
};

const lastOf = ({ inertia }: LloydResult): number => inertia.at(-1) ?? Number.POSITIVE_INFINITY;
