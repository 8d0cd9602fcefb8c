/** What of one slide lies in which cells. */
export type SlideCells = { cells: ArrayLike<number>; counts: ArrayLike<number> };

/** What a process keeps of a CLUSTERED index; it never changes under one id. */
export type CellMap = {
  slides: ReadonlyMap<number, SlideCells>;
  /** Rows of each cell, `[cells]`. */
  sizes: Float64Array;
  /** Mean cosine distance of a cell's rows to its middle, `[cells]`. */
  spreads: Float64Array;
  rows: number;
};

export const cellMap = (slides: ReadonlyMap<number, SlideCells>, spreads: Float64Array): CellMap => {
  const sizes = sumByCell(slides, slides.keys(), spreads.length);
  return { slides, spreads, sizes, rows: sizes.reduce((sum, size) => sum + size, 0) };
};

const sumByCell = (
  slides: ReadonlyMap<number, SlideCells>,
  slideIds: Iterable<number>,
  cells: number,
): Float64Array => {
  const rows = new Float64Array(cells);
  for (const id of slideIds) {
    const slide = slides.get(id);
    if (!slide) continue;
    for (let index = 0; index < slide.cells.length; index++) {
      const cell = slide.cells[index] as number;
      rows[cell] = (rows[cell] as number) + (slide.counts[index] as number);
    }
  }
  return rows;
};

/** Rows of these slides in each cell, `[cells]`. */
export const matchesByCell = (map: CellMap, slideIds: Iterable<number>): Float64Array =>
  sumByCell(map.slides, slideIds, map.spreads.length);

/** Cells with the cosine distances of their middles to the query. */
export type NearestCells = { cells: readonly number[]; distances: readonly number[] };

/**
 * How far a cell reaches towards the query: a row at distance d from the query lies in a cell whose middle is at most so far
 * beyond d as the cell is wide, times a `reach` that is measured. Unlike a share of rows to read, this asks nothing of the
 * filter: where the matching rows are far from the query, the distance of the best of them is large, and more cells count.
 */
export const reachOf = (cellDistance: number, hitDistance: number, spread: number): number =>
  (cellDistance - hitDistance) / Math.max(spread, 1e-6);

/** Cells in the order in which they are to be read, with what has been read after each of them. */
export type CellOrder = {
  cells: number[];
  /** Distance from which on nothing in the cell can matter, as far as `reach` is right. */
  nearest: Float64Array;
  /** Matching rows in the cells up to this one. */
  matching: Float64Array;
  /** All rows in them: those that the filter refuses are read too. */
  visited: Float64Array;
};

/**
 * Best first; cells without matching rows are left out.
 * @param matches matching rows of each cell, `[cells]`
 */
export const orderCells = (map: CellMap, near: NearestCells, matches: Float64Array, reach: number): CellOrder => {
  const found = near.cells.flatMap((cell, place) =>
    (matches[cell] ?? 0) > 0
      ? [{ cell, nearest: (near.distances[place] as number) - reach * (map.spreads[cell] as number) }]
      : [],
  );
  found.sort((a, b) => a.nearest - b.nearest || a.cell - b.cell);
  const running = (of: (cell: number) => number): Float64Array => {
    let sum = 0;
    return Float64Array.from(found, ({ cell }) => {
      sum += of(cell);
      return sum;
    });
  };
  return {
    cells: found.map(({ cell }) => cell),
    nearest: Float64Array.from(found, ({ nearest }) => nearest),
    matching: running((cell) => matches[cell] as number),
    visited: running((cell) => map.sizes[cell] as number),
  };
};

/** How many values of an ascending array pass: those below a bound. */
const countBelow = (ascending: Float64Array, isBelow: (value: number) => boolean): number => {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBelow(ascending[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** How many of the first cells hold so many matching rows. */
export const cellsHolding = ({ matching }: CellOrder, rows: number): number =>
  Math.min(matching.length, countBelow(matching, (sum) => sum < rows) + 1);

/** How many of the first cells may hold a row within this distance of the query. */
export const cellsWithin = ({ nearest }: CellOrder, distance: number): number =>
  countBelow(nearest, (value) => value <= distance);
