import { createHash } from "node:crypto";
import { HistoError } from "../platform/errors.ts";

/** Left upper corners of patches in level-0 pixels, row by row of a file. */
export type Places = {
  x: Int32Array<ArrayBuffer>;
  y: Int32Array<ArrayBuffer>;
  /** SHA-256 of the places by y, then x: the same for the same patches in any order. */
  digest: string;
  /** How far neighbours of one line are apart most often, in pixels, of equals the least; null when no line has two. */
  spacing: number | null;
};

/** No slide is so wide: a place fits exactly into one number, line × width + column. */
const MOST_PIXELS = 2 ** 26;

const requirePixel = (value: number, row: number): number => {
  if (Number.isInteger(value) && value >= 0 && value < MOST_PIXELS) return value;
  throw new HistoError("BAD_ARGUMENT", `The coordinates of row ${row} (counted from 0) are no pixels of level 0.`, {
    fix: "Coordinates are whole numbers from 0, left upper corners in level-0 pixels.",
  });
};

const requireDistinct = (sorted: Float64Array, keys: Float64Array): void => {
  for (let index = 1; index < sorted.length; index++) {
    const key = sorted[index] as number;
    if (key !== sorted[index - 1]) continue;
    const first = keys.indexOf(key);
    throw new HistoError(
      "DUPLICATE_KEY",
      `Rows ${first} and ${keys.indexOf(key, first + 1)} (counted from 0) have the same coordinates.`,
      { fix: "Leave one of them out: a patch has one vector." },
    );
  }
};

/** The most frequent gap and not the least: CLAM cuts each contour from its own corner, so that those of two lie anywhere. */
const usualGap = (sorted: Float64Array, width: number): number | null => {
  const counts = new Map<number, number>();
  for (let index = 1; index < sorted.length; index++) {
    const [before, after] = [sorted[index - 1] as number, sorted[index] as number];
    if (Math.floor(before / width) !== Math.floor(after / width)) continue;
    counts.set(after - before, (counts.get(after - before) ?? 0) + 1);
  }
  let usual: number | null = null;
  let most = 0;
  for (const [gap, count] of counts) {
    if (count < most || (count === most && gap > (usual ?? gap))) continue;
    [usual, most] = [gap, count];
  }
  return usual;
};

/**
 * Where the patches of a file lie.
 * @param coordinates `[rows, 2]`: x, y
 * @throws HistoError BAD_ARGUMENT for what is no pixel, DUPLICATE_KEY for one place twice; both with the row
 */
export const readPlaces = (coordinates: ArrayLike<number | bigint>): Places => {
  const rows = coordinates.length / 2;
  const [x, y] = [new Int32Array(rows), new Int32Array(rows)];
  for (let row = 0; row < rows; row++) {
    x[row] = requirePixel(Number(coordinates[2 * row]), row);
    y[row] = requirePixel(Number(coordinates[2 * row + 1]), row);
  }
  const keys = Float64Array.from(y, (line, row) => line * MOST_PIXELS + (x[row] as number));
  const sorted = keys.slice().sort();
  requireDistinct(sorted, keys);
  return {
    x,
    y,
    digest: createHash("sha256").update(new Uint8Array(sorted.buffer)).digest("hex"),
    spacing: usualGap(sorted, MOST_PIXELS),
  };
};

/** Places of vectors that come without any: the number of the row stands for x. */
export const placesOfRows = (rows: number): Places =>
  readPlaces(Float64Array.from({ length: 2 * rows }, (_, index) => (index % 2 === 0 ? index / 2 : 0)));
