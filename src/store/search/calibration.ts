/**
 * Measured recall, and the questions that a search asks it. A setting counts only with the lower confidence limit of what
 * was measured, and only for searches like those it was measured on.
 */

/** Numbers of hits at which recall is measured. A search for fewer hits counts as the next larger. */
export const MEASURED_FIRST = [10, 100] as const;
export type MeasuredFirst = (typeof MEASURED_FIRST)[number];

export type Recall = {
  /** Mean over the sampled queries. */
  recall: number;
  /** Lower limit of that mean, one-sided 95 %. */
  lowerLimit: number;
};

/** Recall when every cell is read that reaches so far (see `reachOf`): the lowest of all kinds of filters that were tried. */
export type ReachPoint = Recall & { first: MeasuredFirst; reach: number };

/** Of a CLUSTERED index. */
export type CellCalibration = {
  queries: number;
  /** Exact searches that it rests on: each query under several filters. */
  searches: number;
  /** To compare one more row, of the table and of the copy. */
  nanosecondsPerRow: number;
  nanosecondsPerCopiedRow: number;
  /** To read a row of the copy that the filter refuses. */
  nanosecondsPerRefusedRow: number;
  /** Median time of ten hits among all rows but the own patient's. */
  milliseconds: number;
  /** Cosine distance to the nearest cell's middle that 99.5 % of the sampled queries stay within. */
  furthestQuery: number;
  /** By rising reach. */
  points: ReachPoint[];
};

export type GraphSetting = Recall & {
  first: MeasuredFirst;
  /** Whether the query's own patient was left out. */
  withoutPatient: boolean;
  efSearch: number;
  /** Median of the whole statement. */
  milliseconds: number;
};

/** Of an HNSW index. */
export type GraphCalibration = { queries: number; nanosecondsPerRow: number; settings: GraphSetting[] };

const Z_95 = 1.6448536269514722;

/**
 * Mean and lower confidence limit of recalls in 0…1. One more query that found half is counted among them: without it a
 * sample of successes alone would have no spread, and claim what it cannot know.
 */
export const measuredRecall = (recalls: readonly number[]): Recall => {
  if (recalls.length === 0) return { recall: 0, lowerLimit: 0 };
  const sum = recalls.reduce((total, value) => total + value, 0);
  const number = recalls.length + 1;
  const mean = (sum + 0.5) / number;
  const squares = recalls.reduce((total, value) => total + (value - mean) ** 2, (0.5 - mean) ** 2);
  const standardError = Math.sqrt(squares / (number - 1) / number);
  return { recall: sum / recalls.length, lowerLimit: Math.max(0, mean - Z_95 * standardError) };
};

/** The measurement that a search for so many hits may rest on; undefined for more than any was made for. */
export const measuredFirstFor = (first: number): MeasuredFirst | undefined =>
  MEASURED_FIRST.find((measured) => first <= measured);

/** The shortest reach whose recall is high enough; between two measured numbers of hits the longer of theirs. */
export const reachFor = ({ points }: CellCalibration, first: number, minRecall: number): ReachPoint | undefined => {
  const last = measuredFirstFor(first);
  if (last === undefined) return undefined;
  const found = MEASURED_FIRST.filter((measured) => measured <= last).map((measured) =>
    points.find((point) => point.first === measured && point.lowerLimit >= minRecall),
  );
  return found.reduce((longest, point) => longest && point && (longest.reach >= point.reach ? longest : point));
};

/** The fastest setting whose recall is high enough. */
export const settingFor = (
  calibration: GraphCalibration,
  first: number,
  withoutPatient: boolean,
  minRecall: number,
): GraphSetting | undefined => {
  const measured = measuredFirstFor(first);
  return calibration.settings
    .filter(
      (setting) =>
        setting.first === measured && setting.withoutPatient === withoutPatient && setting.lowerLimit >= minRecall,
    )
    .reduce<GraphSetting | undefined>(
      (best, setting) => (best && best.milliseconds <= setting.milliseconds ? best : setting),
      undefined,
    );
};

/** The least recall that a search asks for unless it says otherwise. */
export const DEFAULT_RECALL = 0.99;

/** Measured recall of the search that is asked most (ten hits, the query's own patient left out); null where it is too low. */
export const defaultRecall = (calibration: CellCalibration | GraphCalibration): number | null => {
  const found =
    "settings" in calibration
      ? settingFor(calibration, 10, true, DEFAULT_RECALL)
      : reachFor(calibration, 10, DEFAULT_RECALL);
  return found?.recall ?? null;
};
