import { HistoError } from "../platform/errors.ts";
import {
  checkSurvivalTimes,
  distinctTimes,
  distinctValues,
  orderByStratumAndTime,
  type Strata,
  type SurvivalTimes,
  stratumCodes,
} from "./survivalTimes.ts";

export type ConcordanceInput = SurvivalTimes & {
  /** Risk of each patient: the higher, the sooner the event is expected. */
  readonly scores: ArrayLike<number>;
  /** Pairs are formed within a stratum only. */
  readonly strata?: Strata | undefined;
};

export type Concordance = {
  /** (concordant + tiedScores / 2) / comparable pairs. */
  concordance: number;
  standardError: number;
  concordant: number;
  discordant: number;
  /** Comparable pairs with equal scores. */
  tiedScores: number;
  /** Pairs of events at the same time with different scores: not comparable. */
  tiedTimes: number;
  /** Pairs of events at the same time with equal scores: not comparable. */
  tiedBoth: number;
};

/** Counts by rank with prefix sums in O(log n): a Fenwick (1994) tree. */
const countingTree = (size: number) => {
  const sums = new Int32Array(size + 1);
  let counted: number[] = [];
  const change = (rank: number, by: number): void => {
    for (let i = rank + 1; i <= size; i += i & -i) sums[i] = (sums[i] ?? 0) + by;
  };
  return {
    add: (rank: number): void => {
      counted.push(rank);
      change(rank, 1);
    },
    below: (rank: number): number => {
      let sum = 0;
      for (let i = rank; i > 0; i -= i & -i) sum += sums[i] ?? 0;
      return sum;
    },
    total: (): number => counted.length,
    // Taken back one by one, so that many small strata cost no more than one large one.
    clear: (): void => {
      for (const rank of counted) change(rank, -1);
      counted = [];
    },
  };
};

/**
 * Harrell's concordance index with its standard error, O(n log n).
 *
 * A pair is comparable when the patient with the shorter time had the event; at equal times, when one had the event and
 * the other was censored (Harrell et al. 1982, 1996). The standard error is the infinitesimal jackknife: the root of the sum
 * of squares of ∂C/∂wᵢ = ((cᵢ + tᵢ/2) − C·nᵢ) / N, with cᵢ, tᵢ and nᵢ the concordant, tied and all comparable pairs that
 * patient i is in (Therneau & Atkinson, "Concordance", vignette of R's survival; the default there since 3.0).
 *
 * @throws BAD_ARGUMENT for scores that are missing or not finite; TOO_FEW_PATIENTS when no pair is comparable.
 */
export const concordance = (input: ConcordanceInput): Concordance => {
  checkSurvivalTimes(input);
  const { scores, events } = input;
  const patients = input.timesDays.length;
  if (scores.length !== patients)
    throw new HistoError("BAD_ARGUMENT", `${scores.length} scores do not go with ${patients} patients.`);
  for (let i = 0; i < patients; i += 1)
    if (!Number.isFinite(scores[i])) throw new HistoError("BAD_ARGUMENT", "A risk score is not a finite number.");

  const times = distinctTimes(input.timesDays);
  const strata = stratumCodes(input.strata, patients);
  const order = orderByStratumAndTime(times, strata);
  const ranks = distinctValues(scores);
  const tree = countingTree(ranks.distinct.length);
  const concordantOf = new Float64Array(patients);
  const discordantOf = new Float64Array(patients);
  const tiedOf = new Float64Array(patients);

  /** Compares one patient with all in the tree, who live longer (`sign` 1) or died sooner (−1). */
  const compare = (patient: number, sign: 1 | -1): void => {
    const rank = ranks.index[patient] ?? 0;
    const below = tree.below(rank);
    const notAbove = tree.below(rank + 1);
    const above = tree.total() - notAbove;
    concordantOf[patient] = (concordantOf[patient] ?? 0) + (sign === 1 ? below : above);
    discordantOf[patient] = (discordantOf[patient] ?? 0) + (sign === 1 ? above : below);
    tiedOf[patient] = (tiedOf[patient] ?? 0) + notAbove - below;
  };

  const sameMoment = (a: number, b: number): boolean =>
    times.index[a] === times.index[b] && strata.codes[a] === strata.codes[b];

  let tiedTimes = 0;
  let tiedBoth = 0;
  const countTiedEvents = (died: number[]): void => {
    if (died.length < 2) return;
    const perScore = new Map<number, number>();
    for (const patient of died) {
      const rank = ranks.index[patient] ?? 0;
      perScore.set(rank, (perScore.get(rank) ?? 0) + 1);
    }
    let both = 0;
    for (const count of perScore.values()) both += (count * (count - 1)) / 2;
    tiedBoth += both;
    tiedTimes += (died.length * (died.length - 1)) / 2 - both;
  };

  for (const sign of [1, -1] as const) {
    let previous = -1;
    const at = (position: number): number => order[sign === 1 ? patients - 1 - position : position] ?? 0;
    for (let begin = 0; begin < patients; ) {
      const first = at(begin);
      if (previous < 0 || strata.codes[first] !== strata.codes[previous]) tree.clear();
      const died: number[] = [];
      const censored: number[] = [];
      let end = begin;
      for (; end < patients && sameMoment(at(end), first); end += 1) (events[at(end)] ? died : censored).push(at(end));
      if (sign === 1) {
        for (const patient of censored) tree.add(ranks.index[patient] ?? 0);
        for (const patient of died) compare(patient, sign);
        for (const patient of died) tree.add(ranks.index[patient] ?? 0);
        countTiedEvents(died);
      } else {
        for (const patient of died) compare(patient, sign);
        for (const patient of died) tree.add(ranks.index[patient] ?? 0);
        for (const patient of censored) compare(patient, sign);
      }
      previous = first;
      begin = end;
    }
  }
  return summarise({ concordantOf, discordantOf, tiedOf, tiedTimes, tiedBoth });
};

type Influences = {
  concordantOf: Float64Array;
  discordantOf: Float64Array;
  tiedOf: Float64Array;
  tiedTimes: number;
  tiedBoth: number;
};

const halfSum = (values: Float64Array): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / 2;
};

const summarise = ({ concordantOf, discordantOf, tiedOf, tiedTimes, tiedBoth }: Influences): Concordance => {
  const concordant = halfSum(concordantOf);
  const discordant = halfSum(discordantOf);
  const tiedScores = halfSum(tiedOf);
  const pairs = concordant + discordant + tiedScores;
  if (pairs === 0)
    throw new HistoError("TOO_FEW_PATIENTS", "No two patients can be compared: nobody outlived an event.", {
      fix: "Choose more patients, or an endpoint with more events.",
    });
  const index = (concordant + tiedScores / 2) / pairs;
  let variance = 0;
  for (let i = 0; i < concordantOf.length; i += 1) {
    const c = concordantOf[i] ?? 0;
    const t = tiedOf[i] ?? 0;
    variance += ((c + t / 2 - index * (c + t + (discordantOf[i] ?? 0))) / pairs) ** 2;
  }
  return {
    concordance: index,
    standardError: Math.sqrt(variance),
    concordant,
    discordant,
    tiedScores,
    tiedTimes,
    tiedBoth,
  };
};
