import { type CellCalibration, type GraphCalibration, settingFor, shareFor } from "./calibration.ts";
import { cellsForShare, type Probe } from "./cells.ts";

/** All that the choice of a strategy depends on. */
export type PlanInputs = {
  first: number;
  minRecall: number;
  /** Vectors of the feature set, and those that pass the filter. */
  vectors: number;
  matches: number;
  /**
   * What the filter leaves out: nothing or just the query's own patch ("none"), its patient too ("patient"), anything else
   * ("other").
   */
  leavesOut: "none" | "patient" | "other";
  /** Whether the filter is exactly a frozen cohort, apart from the query's own patch or patient. */
  isCohort: boolean;
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
  cells: { id: number; calibration: CellCalibration; probe: Probe; rowsNotInCells: number } | undefined;
};

export type Plan =
  | { strategy: "EXACT"; reason: string | null }
  | {
      strategy: "PARTITION_INDEX" | "PARTIAL_INDEX";
      indexId: number;
      efSearch: number;
      withoutPatient: boolean;
      recallEstimate: number;
      reason: string;
    }
  | {
      strategy: "CLUSTERED";
      indexId: number;
      cells: readonly number[];
      /** Vectors that will be compared. */
      scanned: number;
      recallEstimate: number;
      reason: string;
    };

/** Largest dimension that pgvector indexes in half precision. */
export const MAX_INDEXED_DIMS = 4000;

/** Below this many matches, comparing all of them takes less time than thinking about it. */
export const ALWAYS_EXACT = 2000;

/** Recall that was measured with so much more or less in the table says nothing any more. */
export const GREATEST_GROWTH = 0.2;

/** To plan and begin a statement over cells or over all rows. */
const CELLS_BEGIN_MS = 0.6;
const EXACT_BEGIN_MS = 0.2;

/** An index must promise this share of the exact search's time, for a promise is an estimate. */
const WORTH_IT = 0.8;

const hasGrown = (now: number, then: number): boolean => Math.abs(now - then) > GREATEST_GROWTH * then;

type Option = { plan: Plan; milliseconds: number };

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

const graphOptions = (inputs: PlanInputs): Option[] => {
  const { first, minRecall, matches, vectors, leavesOut, isCohort } = inputs;
  return inputs.graphs.flatMap(({ id, kind, measuredVectors, calibration }) => {
    const serves = kind === "PARTIAL" ? isCohort : leavesOut !== "other" && !isCohort;
    if (!serves || hasGrown(kind === "PARTIAL" ? matches : vectors, measuredVectors)) return [];
    const withoutPatient = leavesOut === "patient";
    const setting = settingFor(calibration, first, withoutPatient, minRecall);
    if (!setting) return [];
    const { efSearch, recall, milliseconds } = setting;
    const strategy = kind === "PARTIAL" ? "PARTIAL_INDEX" : "PARTITION_INDEX";
    const reason = `ef_search ${efSearch} reached a recall of ${recall.toFixed(4)} in ${calibration.queries} sampled queries.`;
    return [
      {
        plan: { strategy, indexId: id, efSearch, withoutPatient, recallEstimate: recall, reason },
        milliseconds,
      },
    ];
  });
};

const cellOption = ({ first, minRecall, cells }: PlanInputs): Option[] => {
  if (!cells?.probe.searchClass) return [];
  const { id, calibration, probe, rowsNotInCells } = cells;
  const point = shareFor(calibration, probe.searchClass as NonNullable<Probe["searchClass"]>, first, minRecall);
  if (!point) return [];
  const number = cellsForShare(probe, point.share, first);
  if (number === 0) return [];
  const compared = probe.matching[number - 1] as number;
  const refused = (probe.visited[number - 1] as number) - compared;
  const nanoseconds =
    compared * calibration.nanosecondsPerCopiedRow +
    refused * calibration.nanosecondsPerRefusedRow +
    rowsNotInCells * calibration.nanosecondsPerRow;
  const scanned = compared + rowsNotInCells;
  return [
    {
      plan: {
        strategy: "CLUSTERED",
        indexId: id,
        cells: Array.from({ length: number }, (_, index) => probe.cells[index] as number),
        scanned,
        recallEstimate: point.recall,
        reason: `The nearest ${number} of ${probe.cells.length} cells hold ${percent(compared / probe.total)} of the rows in question; such a share reached a recall of ${point.recall.toFixed(4)} in sampled queries.`,
      },
      milliseconds: CELLS_BEGIN_MS + nanoseconds / 1e6,
    },
  ];
};

/** Why nothing but an exact search would do, where a reader may have expected otherwise. */
const whyExact = (inputs: PlanInputs, hasOptions: boolean): string | null => {
  const { minRecall, graphs, cells } = inputs;
  if (minRecall >= 1) return "minRecall 1 asks for an exact search.";
  if (hasOptions || (graphs.length === 0 && cells === undefined)) return null;
  if (!inputs.isLikeMeasured) return "The query is unlike the vectors that the recall of an index was measured with.";
  return `No index has been measured to reach a recall of ${minRecall} in such a search.`;
};

/**
 * The fastest way to an answer whose recall is known to be high enough, by what was measured on this feature set; exact
 * where none is known. `minRecall: 1` is exact always.
 */
export const planSearch = (inputs: PlanInputs): Plan => {
  const { matches, minRecall, isLikeMeasured, graphs, cells } = inputs;
  if (matches < ALWAYS_EXACT) return { strategy: "EXACT", reason: null };
  const mayApproximate = minRecall < 1 && isLikeMeasured;
  const options = mayApproximate ? [...graphOptions(inputs), ...cellOption(inputs)] : [];
  const fastest = options.reduce<Option | undefined>(
    (best, option) => (best && best.milliseconds <= option.milliseconds ? best : option),
    undefined,
  );
  const perRow = cells?.calibration.nanosecondsPerRow ?? graphs[0]?.calibration.nanosecondsPerRow ?? 0;
  const exactMilliseconds = EXACT_BEGIN_MS + (matches * perRow) / 1e6;
  return fastest && fastest.milliseconds < exactMilliseconds * WORTH_IT
    ? fastest.plan
    : { strategy: "EXACT", reason: whyExact(inputs, options.length > 0) };
};
