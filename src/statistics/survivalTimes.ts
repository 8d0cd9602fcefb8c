import { HistoError } from "../platform/errors.ts";

/** Follow-up of each patient: days until the event or, where `events` is false (0), until last seen. */
export type SurvivalTimes = {
  readonly timesDays: ArrayLike<number>;
  readonly events: ArrayLike<boolean | number>;
};

/** One label per patient; patients with different labels are never compared with each other. */
export type Strata = ArrayLike<string | number>;

/** Values in ascending order without repetition, and for each given value the index of its own among them. */
export type DistinctValues = { distinct: Float64Array; index: Uint32Array };

/** Times closer than this, absolutely or relative to their mean, are one time: R's survival (aeqSurv, "timefix"). */
const TIE_TOLERANCE = Math.sqrt(Number.EPSILON);

const lastNotAbove = (ascending: Float64Array, value: number): number => {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
};

const indexAmong = (values: ArrayLike<number>, distinct: Float64Array): DistinctValues => {
  const index = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i += 1) index[i] = lastNotAbove(distinct, values[i] ?? 0);
  return { distinct, index };
};

const keepAscending = (sorted: Float64Array, isNew: (value: number, previous: number) => boolean): Float64Array => {
  let kept = 0;
  let previous = Number.NaN;
  const distinct = new Float64Array(sorted.length);
  for (const value of sorted) {
    if (kept === 0 || isNew(value, previous)) {
      distinct[kept] = value;
      kept += 1;
    }
    previous = value;
  }
  return distinct.slice(0, kept);
};

/** Distinct values, compared exactly. */
export const distinctValues = (values: ArrayLike<number>): DistinctValues =>
  indexAmong(
    values,
    keepAscending(Float64Array.from(values).sort(), (value, previous) => value !== previous),
  );

/** Distinct times; those that differ by rounding alone (months turned into days) count as tied. */
export const distinctTimes = (timesDays: ArrayLike<number>): DistinctValues => {
  const exact = keepAscending(Float64Array.from(timesDays).sort(), (value, previous) => value !== previous);
  let sum = 0;
  for (const value of exact) sum += value;
  const gap = TIE_TOLERANCE * Math.max(1, exact.length > 0 ? sum / exact.length : 0);
  return indexAmong(
    timesDays,
    keepAscending(exact, (value, previous) => value - previous > gap),
  );
};

/**
 * Refuses what no survival method can read.
 * @throws BAD_ARGUMENT for unequal lengths, a time that is negative or not a number; TOO_FEW_PATIENTS without patients.
 */
export const checkSurvivalTimes = ({ timesDays, events }: SurvivalTimes): void => {
  if (timesDays.length !== events.length)
    throw new HistoError("BAD_ARGUMENT", `${timesDays.length} times do not go with ${events.length} events.`, {
      fix: "Give one time and one event for each patient.",
    });
  if (timesDays.length === 0)
    throw new HistoError("TOO_FEW_PATIENTS", "There is no patient with a survival time.", {
      fix: "Choose patients with a time and an event for this endpoint.",
    });
  for (let i = 0; i < timesDays.length; i += 1) {
    const time = timesDays[i] ?? Number.NaN;
    if (!(time >= 0 && time < Number.POSITIVE_INFINITY))
      throw new HistoError("BAD_ARGUMENT", `A survival time of ${time} days is not a number of days from 0 upwards.`, {
        fix: "Correct the time or leave the patient out.",
      });
  }
};

export const countEvents = (events: ArrayLike<boolean | number>): number => {
  let count = 0;
  for (let i = 0; i < events.length; i += 1) if (events[i]) count += 1;
  return count;
};

/** @throws ALL_CENSORED when no patient had the event. */
export const requireEvents = (events: ArrayLike<boolean | number>): number => {
  const count = countEvents(events);
  if (count === 0)
    throw new HistoError("ALL_CENSORED", `None of the ${events.length} patients had the event.`, {
      fix: "Choose patients or an endpoint with events, or check which values of the event column mean the event.",
    });
  return count;
};

/**
 * Labels as numbers 0 … count − 1 in order of first appearance; without labels everyone is in stratum 0.
 * @throws BAD_ARGUMENT when the number of labels is not the number of patients.
 */
export const stratumCodes = (strata: Strata | undefined, patients: number): { codes: Uint32Array; count: number } => {
  const codes = new Uint32Array(patients);
  if (strata === undefined) return { codes, count: 1 };
  if (strata.length !== patients)
    throw new HistoError("BAD_ARGUMENT", `${strata.length} strata do not go with ${patients} patients.`, {
      fix: "Give one stratum for each patient.",
      path: ["strata"],
    });
  const known = new Map<string | number, number>();
  for (let i = 0; i < patients; i += 1) {
    const label = strata[i] ?? "";
    const code = known.get(label) ?? known.size;
    known.set(label, code);
    codes[i] = code;
  }
  return { codes, count: known.size };
};

const countingSort = (order: Uint32Array, keys: Uint32Array, keyCount: number): Uint32Array => {
  const next = new Uint32Array(keyCount + 1);
  for (const key of keys) next[key + 1] = (next[key + 1] ?? 0) + 1;
  for (let key = 0; key < keyCount; key += 1) next[key + 1] = (next[key + 1] ?? 0) + (next[key] ?? 0);
  const sorted = new Uint32Array(order.length);
  for (const patient of order) {
    const key = keys[patient] ?? 0;
    const position = next[key] ?? 0;
    sorted[position] = patient;
    next[key] = position + 1;
  }
  return sorted;
};

/** Patients by stratum and, within it, by ascending time; O(n). */
export const orderByStratumAndTime = (
  times: DistinctValues,
  strata: { codes: Uint32Array; count: number },
): Uint32Array => {
  const byTime = countingSort(Uint32Array.from(times.index.keys()), times.index, times.distinct.length);
  return strata.count === 1 ? byTime : countingSort(byTime, strata.codes, strata.count);
};
