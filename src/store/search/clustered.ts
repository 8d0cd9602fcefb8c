import type { Database } from "../database.ts";
import { MEASURED_FIRST } from "./calibration.ts";
import { type CellMap, matchesByCell, orderCells } from "./cells.ts";
import type { CellInputs } from "./inputs.ts";
import { planFirstCells, planOtherCells, type RowCosts } from "./plan.ts";
import { searchCells } from "./scans.ts";
import type { VectorHit, VectorSearchRequest } from "./types.ts";

export type ClusteredIndex = {
  id: number;
  map: CellMap;
  calibration: RowCosts;
};

export type ClusteredAnswer = {
  hits: VectorHit[];
  cells: number;
  /** Cells that hold any matching row. */
  ofCells: number;
  /** Rows compared. */
  scanned: number;
};

/** Nearest first; ties by patch id, as everywhere. */
export const mergeHits = (some: readonly VectorHit[], more: readonly VectorHit[], first: number): VectorHit[] =>
  [...some, ...more].sort((a, b) => a.distance - b.distance || a.patchId - b.patchId).slice(0, first);

/**
 * Reads the cells that lead towards the query until the rest can be told to be too far: first a few, which say how near the
 * best matching rows are, then all that reach as far as those.
 * @returns null when comparing every matching row promises to be faster
 */
export const searchClustered = async (
  database: Database,
  request: VectorSearchRequest,
  index: ClusteredIndex,
  near: CellInputs,
  { reach, exactMilliseconds }: { reach: number; exactMilliseconds: number },
): Promise<ClusteredAnswer | null> => {
  const order = orderCells(index.map, near, matchesByCell(index.map, near.coveredSlideIds), reach);
  // The distance of the last of so many hits was measured to lead to the others.
  const first = Math.max(request.first, MEASURED_FIRST[0]);
  const beginning = planFirstCells(order, first);
  const scan = { indexId: index.id, staleSlideIds: near.staleSlideIds };
  const begun = await searchCells(
    database,
    { ...request, first },
    { ...scan, cells: order.cells.slice(0, beginning), uncoveredSlideIds: near.uncoveredSlideIds },
  );
  const furthest = begun[first - 1]?.distance ?? Number.POSITIVE_INFINITY;
  const number = planOtherCells(order, beginning, furthest, index.calibration, exactMilliseconds);
  if (number === undefined) return null;
  const rest = order.cells.slice(beginning, number);
  const others =
    rest.length === 0 ? [] : await searchCells(database, request, { ...scan, cells: rest, uncoveredSlideIds: [] });
  return {
    hits: mergeHits(begun, others, request.first),
    cells: number,
    ofCells: order.cells.length,
    scanned: (order.matching[number - 1] ?? 0) + near.uncoveredVectors,
  };
};
