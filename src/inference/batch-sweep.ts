import type { BatchTrial } from "./encoder-messages.ts";

/** A larger run must give so much more throughput, or it only costs memory and makes others wait longer. */
const LEAST_GAIN = 1.05;
/** Sizes in a row that gain nothing before the search is over: throughput has dents at odd sizes. */
const MOST_WITHOUT_GAIN = 2;

type SweepOptions = {
  /** Patches a run, ascending. */
  candidates: readonly number[];
  budgetMs: number;
  /** Patches a second of runs of this size; null when memory refuses it. May take `atMostMs`. */
  measure(patchesPerRun: number, atMostMs: number): Promise<number | null>;
  now?: () => number;
};

/** Tries sizes of runs from the smallest, until they gain nothing any more, memory refuses one or the time is over. */
export const sweepBatches = async (options: SweepOptions): Promise<BatchTrial[]> => {
  const { candidates, budgetMs, measure, now = () => performance.now() } = options;
  const end = now() + budgetMs;
  const trials: BatchTrial[] = [];
  let best = 0;
  let withoutGain = 0;
  for (const [index, patchesPerRun] of candidates.entries()) {
    const left = end - now();
    if (index > 0 && left <= 0) break;
    const patchesPerSecond = await measure(patchesPerRun, Math.max(0, left) / (candidates.length - index));
    if (patchesPerSecond === null) break;
    trials.push({ patchesPerRun, patchesPerSecond });
    withoutGain = patchesPerSecond >= best * LEAST_GAIN ? 0 : withoutGain + 1;
    best = Math.max(best, patchesPerSecond);
    if (withoutGain >= MOST_WITHOUT_GAIN) break;
  }
  return trials;
};

/**
 * The size to run with, of what threads measured at the same time: the smallest within 5 % of the best sum of their
 * throughputs. `usual`, where it is given and was tried, stays unless another gives `gain` times as much.
 */
export const chooseBatch = (
  ofThreads: readonly (readonly BatchTrial[])[],
  usual: number | null,
  gain = 1.1,
): BatchTrial | null => {
  const sums = (ofThreads[0] ?? []).flatMap(({ patchesPerRun }) => {
    const same = ofThreads.flatMap((trials) => trials.filter((trial) => trial.patchesPerRun === patchesPerRun));
    if (same.length < ofThreads.length) return [];
    return [{ patchesPerRun, patchesPerSecond: same.reduce((sum, trial) => sum + trial.patchesPerSecond, 0) }];
  });
  const best = Math.max(...sums.map(({ patchesPerSecond }) => patchesPerSecond));
  const kept = sums.find(({ patchesPerRun }) => patchesPerRun === usual);
  if (kept && best < kept.patchesPerSecond * gain) return kept;
  return sums.find(({ patchesPerSecond }) => patchesPerSecond * LEAST_GAIN >= best) ?? null;
};
