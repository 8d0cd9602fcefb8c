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

/** How the rows that pass a filter lie: rarer near the query than elsewhere, alike, or more frequent. */
export type Correlation = "anti" | "none" | "positive";

/** Which share of all rows passes the filter. */
export type Selectivity = "nearly-all" | "many" | "some";

/** Recall when the cells nearest to the query are read until they hold this share of the matching rows. */
export type SharePoint = Recall & { share: number };

export type SearchClass = { correlation: Correlation; selectivity: Selectivity };

/** Of a CLUSTERED index. */
export type CellCalibration = {
  queries: number;
  /** To compare one more row, of the table and of the copy. */
  nanosecondsPerRow: number;
  nanosecondsPerCopiedRow: number;
  /** To read a row of the copy that the filter refuses. */
  nanosecondsPerRefusedRow: number;
  /** Cosine distance to the nearest cell's middle that 99.5 % of the sampled queries stay within. */
  furthestQuery: number;
  classes: (SearchClass & { first: MeasuredFirst; queries: number; points: SharePoint[] })[];
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

/** The measurement that a search for so many hits may rest on. */
export const measuredFirstFor = (first: number): MeasuredFirst | undefined =>
  MEASURED_FIRST.find((measured) => first <= measured);

/** @param selectivity share of all rows that pass the filter; undefined where too few do for cells to be worth it */
export const selectivityClass = (selectivity: number): Selectivity | undefined =>
  selectivity >= 0.9 ? "nearly-all" : selectivity >= 0.25 ? "many" : selectivity >= 0.05 ? "some" : undefined;

/**
 * @param lift share of matching rows among those nearest to the query, divided by their share among all rows
 */
export const correlationClass = (lift: number): Correlation => (lift < 0.5 ? "anti" : lift > 1.4 ? "positive" : "none");

/** Queries that a class must have been measured on to be relied on. */
export const LEAST_QUERIES = 200;

/** The smallest share of the matching rows whose recall is high enough in searches like this. */
export const shareFor = (
  calibration: CellCalibration,
  { correlation, selectivity }: SearchClass,
  first: number,
  minRecall: number,
): SharePoint | undefined => {
  const measured = measuredFirstFor(first);
  const found = calibration.classes.find(
    (candidate) =>
      candidate.correlation === correlation && candidate.selectivity === selectivity && candidate.first === measured,
  );
  if (!found || found.queries < LEAST_QUERIES) return undefined;
  return found.points.find((point) => point.lowerLimit >= minRecall);
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
const DEFAULT_RECALL = 0.99;

/** Measured recall of the search that is asked most (ten hits, the query's own patient left out); null where it is too low. */
export const defaultRecall = (calibration: CellCalibration | GraphCalibration): number | null => {
  const found =
    "settings" in calibration
      ? settingFor(calibration, 10, true, DEFAULT_RECALL)
      : shareFor(calibration, { correlation: "none", selectivity: "nearly-all" }, 10, DEFAULT_RECALL);
  return found?.recall ?? null;
};
