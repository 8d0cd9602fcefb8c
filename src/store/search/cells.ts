import { correlationClass, type SearchClass, selectivityClass } from "./calibration.ts";

/** What of one slide lies in which cells. */
export type SlideCells = { cells: ArrayLike<number>; counts: ArrayLike<number> };

/** What a process keeps of a CLUSTERED index; it never changes under one id. */
export type CellMap = {
  slides: ReadonlyMap<number, SlideCells>;
  /** Rows of each cell, `[cells]`. */
  sizes: Float64Array;
  rows: number;
};

export const cellMap = (slides: ReadonlyMap<number, SlideCells>): CellMap => {
  let cells = 0;
  for (const slide of slides.values()) {
    for (let index = 0; index < slide.cells.length; index++)
      cells = Math.max(cells, (slide.cells[index] as number) + 1);
  }
  const sizes = matchesByCell({ slides, sizes: new Float64Array(cells), rows: 0 }, slides.keys());
  return { slides, sizes, rows: sizes.reduce((sum, size) => sum + size, 0) };
};

/** Rows of these slides in each cell, `[cells]`. */
export const matchesByCell = (map: CellMap, slideIds: Iterable<number>): Float64Array => {
  const matches = new Float64Array(map.sizes.length);
  for (const id of slideIds) {
    const slide = map.slides.get(id);
    if (!slide) continue;
    for (let index = 0; index < slide.cells.length; index++) {
      const cell = slide.cells[index] as number;
      matches[cell] = (matches[cell] as number) + (slide.counts[index] as number);
    }
  }
  return matches;
};

/** Cells nearest first, with what has been read after each of them. */
export type Probe = {
  cells: ArrayLike<number>;
  /** Matching rows in the cells up to this one. */
  matching: Float64Array;
  /** All rows in them: those that the filter refuses are read too. */
  visited: Float64Array;
  /** Matching rows in all cells. */
  total: number;
  /** Undefined where so few rows match that cells cannot be worth it. */
  searchClass: SearchClass | undefined;
};

/** The rows nearest to the query whose share of matching rows tells how filter and query are correlated. */
const NEIGHBOURHOOD = 0.05;

/**
 * @param nearest cells by the distance of their middle to the query; those without rows may be absent
 * @param matches matching rows of each cell, `[cells]`
 */
export const probeCells = (map: CellMap, nearest: ArrayLike<number>, matches: Float64Array): Probe => {
  const matching = new Float64Array(nearest.length);
  const visited = new Float64Array(nearest.length);
  let read = 0;
  let found = 0;
  let lift: number | undefined;
  const total = matches.reduce((sum, count) => sum + count, 0);
  const selectivity = map.rows > 0 ? total / map.rows : 0;
  for (let index = 0; index < nearest.length; index++) {
    const cell = nearest[index] as number;
    read += map.sizes[cell] ?? 0;
    found += matches[cell] ?? 0;
    matching[index] = found;
    visited[index] = read;
    if (lift === undefined && read >= map.rows * NEIGHBOURHOOD && read > 0) lift = found / read / selectivity;
  }
  const selected = selectivityClass(selectivity);
  return {
    cells: nearest,
    matching,
    visited,
    total,
    searchClass:
      selected && lift !== undefined ? { selectivity: selected, correlation: correlationClass(lift) } : undefined,
  };
};

/** How many of the nearest cells hold this share of the matching rows, and at least `first` of them. */
export const cellsForShare = (probe: Probe, share: number, first: number): number => {
  const wanted = Math.min(probe.total, Math.max(share * probe.total, first));
  let low = 0;
  let high = probe.matching.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((probe.matching[middle] as number) >= wanted - 1e-9) high = middle;
    else low = middle + 1;
  }
  return Math.min(low + 1, probe.matching.length);
};
