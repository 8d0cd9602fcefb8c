import { type CellCalibration, type GraphCalibration, reachFor, settingFor } from "./calibration.ts";
import { type CellOrder, cellsHolding, cellsWithin } from "./cells.ts";

/** All that the choice of a strategy depends on. */
export type PlanInputs = {
  first: number;
  minRecall: number;
  /** Vectors of the feature set, and those that pass the filter. */
  vectors: number;
  matches: number;
  /**
   * What the filter leaves out, apart from a cohort's patients: nothing or just the query's own patch ("none"), its patient
   * too ("patient"), anything else ("other").
   */
  leavesOut: "none" | "patient" | "other";
  /** Whether the filter is exactly a frozen cohort, apart from what it leaves out. */
  isCohort: boolean;
  /** Whether whole slides pass the filter or do not, so that it can be counted cell by cell. */
  isBySlides: boolean;
  /** False when the query is a vector unlike those that recall was measured with. */
  isLikeMeasured: boolean;
  /** HNSW over all rows, and over the cohort's. */
  graphs: readonly {
    id: number;
    kind: "PARTITION" | "PARTIAL";
    /** Vectors that it answered from when its recall was measured. */
    measuredVectors: number;
    calibration: GraphCalibration;
  }[];
  cells: { id: number; calibration: CellCalibration } | undefined;
};

export type Plan =
  | { strategy: "EXACT"; reason: string | null }
  | {
      strategy: "PARTITION_INDEX" | "PARTIAL_INDEX";
      indexId: number;
      efSearch: number;
      recallEstimate: number;
      reason: string;
    }
  | { strategy: "CLUSTERED"; indexId: number; reach: number; recallEstimate: number; exactMilliseconds: number };

/** Largest dimension that pgvector indexes in half precision. */
export const MAX_INDEXED_DIMS = 4000;

/** Below this many matches, comparing all of them takes less time than thinking about it. */
export const ALWAYS_EXACT = 3000;

/** Recall that was measured with so much more or less in the table says nothing any more. */
export const GREATEST_GROWTH = 0.2;

/** To plan and begin a statement that compares all rows. */
const EXACT_BEGIN_MS = 0.2;

/**
 * What reading cells costs beside their rows: two round trips, and ordering the cells. An exact search must take so much
 * longer that having thought about cells in vain adds less than a tenth to it.
 */
const CELLS_BEGIN_MS = 0.8;
const LEAST_FOR_CELLS_MS = 8;

/** An index must promise this share of the exact search's time, for a promise is an estimate. */
const WORTH_IT = 0.8;

const hasGrown = (now: number, then: number): boolean => Math.abs(now - then) > GREATEST_GROWTH * then;

type Option = { plan: Plan; milliseconds: number };

const graphOptions = (inputs: PlanInputs): Option[] => {
  const { first, minRecall, matches, vectors, leavesOut, isCohort, isBySlides } = inputs;
  return inputs.graphs.flatMap(({ id, kind, measuredVectors, calibration }) => {
    const serves = isBySlides && leavesOut !== "other" && (kind === "PARTIAL") === isCohort;
    if (!serves || hasGrown(kind === "PARTIAL" ? matches : vectors, measuredVectors)) return [];
    const setting = settingFor(calibration, first, leavesOut === "patient", minRecall);
    if (!setting) return [];
    const { efSearch, recall, milliseconds } = setting;
    const strategy = kind === "PARTIAL" ? "PARTIAL_INDEX" : "PARTITION_INDEX";
    const reason = `ef_search ${efSearch} reached a recall of ${recall.toFixed(4)} in ${calibration.queries} sampled queries.`;
    return [{ plan: { strategy, indexId: id, efSearch, recallEstimate: recall, reason }, milliseconds }];
  });
};

const cellOptions = ({ first, minRecall, cells, isBySlides }: PlanInputs, exactMilliseconds: number): Option[] => {
  if (!cells || !isBySlides || exactMilliseconds < LEAST_FOR_CELLS_MS) return [];
  const point = reachFor(cells.calibration, first, minRecall);
  if (!point) return [];
  const { reach, recall } = point;
  // What it takes under this filter shows once the first cells have been read.
  const milliseconds = cells.calibration.milliseconds;
  return [
    {
      plan: { strategy: "CLUSTERED", indexId: cells.id, reach, recallEstimate: recall, exactMilliseconds },
      milliseconds,
    },
  ];
};

/** Why nothing but an exact search would do, where a reader may have expected otherwise. */
const whyExact = (inputs: PlanInputs, hasOptions: boolean): string | null => {
  const { minRecall, graphs, cells } = inputs;
  if (minRecall >= 1) return "minRecall 1 asks for an exact search.";
  if (hasOptions || (graphs.length === 0 && cells === undefined)) return null;
  if (!inputs.isLikeMeasured) return "The query is unlike the vectors that the recall of an index was measured with.";
  if (cells && inputs.isBySlides && reachFor(cells.calibration, inputs.first, minRecall)) return null;
  return `No index has been measured to reach a recall of ${minRecall} in such a search.`;
};

/** Estimated time of an exact search over the rows that match; 0 where nothing was measured yet. */
const exactTime = ({ matches, cells, graphs }: PlanInputs): number => {
  const perRow = cells?.calibration.nanosecondsPerRow ?? graphs[0]?.calibration.nanosecondsPerRow ?? 0;
  return EXACT_BEGIN_MS + (matches * perRow) / 1e6;
};

/**
 * The fastest way to an answer whose recall is known to be high enough, by what was measured on this feature set; exact
 * where none is known. `minRecall: 1` is exact always.
 */
export const planSearch = (inputs: PlanInputs): Plan => {
  const { matches, minRecall, isLikeMeasured } = inputs;
  if (matches < ALWAYS_EXACT) return { strategy: "EXACT", reason: null };
  const exactMilliseconds = exactTime(inputs);
  const mayApproximate = minRecall < 1 && isLikeMeasured;
  const options = mayApproximate ? [...graphOptions(inputs), ...cellOptions(inputs, exactMilliseconds)] : [];
  const fastest = options.reduce<Option | undefined>(
    (best, option) => (best && best.milliseconds <= option.milliseconds ? best : option),
    undefined,
  );
  return fastest && fastest.milliseconds < exactMilliseconds * WORTH_IT
    ? fastest.plan
    : { strategy: "EXACT", reason: whyExact(inputs, options.length > 0) };
};

/** What reading rows of cells costs. */
export type RowCosts = Pick<CellCalibration, "nanosecondsPerCopiedRow" | "nanosecondsPerRefusedRow">;

/** The first cells are few, just enough to learn how near the best matching rows are. */
const FIRST_ROWS_PER_HIT = 4;
const FIRST_SHARE = 0.004;

/** How many cells to read first. */
export const planFirstCells = (order: CellOrder, first: number): number => {
  const all = order.matching.at(-1) ?? 0;
  return order.cells.length === 0 ? 0 : cellsHolding(order, Math.max(FIRST_ROWS_PER_HIT * first, FIRST_SHARE * all));
};

/**
 * Which cells to read after the first, now that it is known how near the best rows in those are.
 * @param distance of the last hit wanted among the first cells; Infinity while there are not enough
 * @returns how many cells of the order in all; undefined when comparing every matching row is faster
 */
export const planOtherCells = (
  order: CellOrder,
  firstCells: number,
  distance: number,
  calibration: RowCosts,
  exactMilliseconds: number,
): number | undefined => {
  const number = Math.max(firstCells, cellsWithin(order, distance));
  const rows = (sums: Float64Array) => (sums[number - 1] ?? 0) - (sums[firstCells - 1] ?? 0);
  const compared = rows(order.matching);
  const refused = rows(order.visited) - compared;
  const nanoseconds = compared * calibration.nanosecondsPerCopiedRow + refused * calibration.nanosecondsPerRefusedRow;
  return CELLS_BEGIN_MS + nanoseconds / 1e6 < exactMilliseconds * WORTH_IT ? number : undefined;
};
