import { HistoError } from "../platform/errors.ts";

export type ValueGroups = {
  /** Ascending; group i holds the values above cuts[i − 1] and up to, including, cuts[i]. */
  cuts: number[];
  /** One name for each group, lowest first, such as `≤ 50`, `> 50 to 61`, `> 61`. */
  names: string[];
  /** Group of each value. */
  groups: Uint32Array;
};

const checkValues = (values: ArrayLike<number>): void => {
  for (let i = 0; i < values.length; i += 1)
    if (!Number.isFinite(values[i])) throw new HistoError("BAD_ARGUMENT", "A value is missing or not a finite number.");
};

const short = (value: number): string => String(Number(value.toPrecision(6)));

const namesOf = (cuts: readonly number[]): string[] => {
  const [first, last] = [cuts[0], cuts.at(-1)];
  if (first === undefined || last === undefined) return ["all"];
  const between = cuts.slice(1).map((cut, i) => `> ${short(cuts[i] ?? 0)} to ${short(cut)}`);
  return [`≤ ${short(first)}`, ...between, `> ${short(last)}`];
};

/**
 * Groups of values between given cuts. A value equal to a cut belongs to the group below it, as R's `cut(right = TRUE)`.
 * A group may be empty.
 * @throws BAD_ARGUMENT for values or cuts that are not finite, and for cuts that do not ascend.
 */
export const cutGroups = (values: ArrayLike<number>, cuts: readonly number[]): ValueGroups => {
  checkValues(values);
  checkValues(cuts);
  if (cuts.some((cut, i) => i > 0 && cut <= (cuts[i - 1] ?? 0)))
    throw new HistoError("BAD_ARGUMENT", "The cuts do not ascend.", {
      fix: "Give each cut once, lowest first.",
      path: ["cuts"],
    });
  const groups = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    groups[i] = cuts.filter((cut) => cut < value).length;
  }
  return { cuts: [...cuts], names: namesOf(cuts), groups };
};

/** The quantile of ascending values by linear interpolation: type 7 of Hyndman & Fan 1996, the default of R and NumPy. */
export const quantileOfSorted = (sorted: ArrayLike<number>, probability: number): number => {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (position - below) * (high - low);
};

/**
 * Groups of about equal size, cut at the quantiles i/groupCount. Equal values are never split: a value equal to a cut
 * belongs to the group below it, so groups differ in size where many values are equal.
 * @throws BAD_ARGUMENT for fewer than two groups, values that are not finite, or so many equal values that a group would
 * be empty; TOO_FEW_PATIENTS for fewer values than groups.
 */
export const quantileGroups = (values: ArrayLike<number>, groupCount: number): ValueGroups => {
  if (!(Number.isInteger(groupCount) && groupCount >= 2))
    throw new HistoError("BAD_ARGUMENT", `${groupCount} is not a number of groups from 2 upwards.`, {
      path: ["quantiles"],
    });
  if (values.length < groupCount)
    throw new HistoError("TOO_FEW_PATIENTS", `${values.length} patients cannot be put into ${groupCount} groups.`, {
      fix: "Choose more patients or fewer groups.",
      path: ["quantiles"],
    });
  checkValues(values);
  const sorted = Float64Array.from(values).sort();
  const cuts = Array.from({ length: groupCount - 1 }, (_, i) => quantileOfSorted(sorted, (i + 1) / groupCount));
  const smallest = sorted[0] ?? 0;
  const largest = sorted.at(-1) ?? 0;
  const collide = cuts.some((cut, i) => cut < smallest || cut >= largest || (i > 0 && cut <= (cuts[i - 1] ?? 0)));
  const result = collide ? undefined : cutGroups(values, cuts);
  if (result === undefined || new Set(result.groups).size < groupCount)
    throw new HistoError("BAD_ARGUMENT", `Too many equal values to form ${groupCount} groups by quantiles.`, {
      fix: "Ask for fewer groups, or give the cuts yourself.",
      path: ["quantiles"],
    });
  return result;
};
