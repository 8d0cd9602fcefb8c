import { type MatrixProduct, transpose } from "./setDistanceProduct.ts";
import { type HalfMatrix, writeUnitRows } from "./setDistanceRows.ts";

/**
 * Yottixel's distance of a whole slide to another (Kalra et al. 2020, Medical Image Analysis 65:101757, "median of minimums"):
 * each patch of the query's mosaic looks for its nearest patch in the candidate's mosaic; the median of these distances counts.
 * There bits are compared by Hamming distance, here vectors by cosine distance.
 */

/** A candidate's patch and its distance to the query patch that it is nearest to. */
export type NearestPatch = { part: number; row: number; distance: number };

export type SetDistanceRequest = {
  /** Unit vectors `[patches, dims]` of the query's mosaic. */
  query: Float32Array;
  dims: number;
  /** Of each candidate its parts: the mosaics of its slides. */
  candidates: readonly (readonly HalfMatrix[])[];
  /** So many nearest patches are told of each candidate. */
  nearest: number;
};

export type SetDistance = {
  distance: number;
  /** Nearest first; `part` and `row` count the candidate's mosaics and their rows. */
  nearest: NearestPatch[];
};

/** Numbers of a product that are held at a time. */
const MAX_PRODUCT = 2 ** 21;
/** Rows of mosaics that are turned into floats at a time. */
const MAX_ROWS = 3200;

/** The middle value; the mean of the two middle ones of an even number. */
const median = (values: Float32Array): number => {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
};

/** Keeps the `count` least, in order; of equal ones those that came first. */
const keepNearest = (kept: NearestPatch[], count: number, found: NearestPatch): void => {
  if (kept.length === count && found.distance >= (kept[count - 1]?.distance ?? Infinity)) return;
  let place = kept.length;
  while (place > 0 && (kept[place - 1] as NearestPatch).distance > found.distance) place -= 1;
  kept.splice(place, 0, found);
  if (kept.length > count) kept.pop();
};

type Piece = { candidate: number; part: number; matrix: HalfMatrix };

/** Mosaics in turn, as many at a time as the limits allow. */
const batchesOf = (pieces: readonly Piece[], maxRows: number): Piece[][] => {
  const batches: Piece[][] = [];
  let rows = Infinity;
  for (const piece of pieces) {
    if (rows + piece.matrix.rows > maxRows) {
      batches.push([]);
      rows = 0;
    }
    batches.at(-1)?.push(piece);
    rows += piece.matrix.rows;
  }
  return batches;
};

/** Distances of candidates to a query, each with the patches that made it. Rows without a direction are at distance 1. */
export const medianOfMinima = async (product: MatrixProduct, request: SetDistanceRequest): Promise<SetDistance[]> => {
  const { query, dims, candidates } = request;
  if (candidates.some((parts) => parts.some((part) => part.dims !== dims))) {
    throw new Error(`Every mosaic must have the ${dims} dimensions of the query.`);
  }
  const patches = query.length / dims;
  const right = transpose(query, patches, dims);
  const minima = candidates.map(() => new Float32Array(patches).fill(Infinity));
  const nearest = candidates.map((): NearestPatch[] => []);
  const pieces = candidates.flatMap((parts, candidate) =>
    parts.map((matrix, part): Piece => ({ candidate, part, matrix })),
  );
  for (const batch of batchesOf(pieces, Math.min(MAX_ROWS, Math.ceil(MAX_PRODUCT / patches)))) {
    const rows = batch.reduce((sum, { matrix }) => sum + matrix.rows, 0);
    const left = new Float32Array(rows * dims);
    let offset = 0;
    for (const { matrix } of batch) {
      writeUnitRows(matrix, left, offset);
      offset += matrix.rows * dims;
    }
    const similarities = await product(left, right, { rows, inner: dims, columns: patches });
    let at = 0;
    for (const { candidate, part, matrix } of batch) {
      const least = minima[candidate] as Float32Array;
      for (let row = 0; row < matrix.rows; row++) {
        let closest = Infinity;
        for (let patch = 0; patch < patches; patch++) {
          const distance = 1 - (similarities[at++] as number);
          if (distance < closest) closest = distance;
          if (distance < (least[patch] as number)) least[patch] = distance;
        }
        // Rounding puts equal vectors a little below 0.
        keepNearest(nearest[candidate] as NearestPatch[], request.nearest, {
          part,
          row,
          distance: Math.max(0, closest),
        });
      }
    }
  }
  return candidates.map((_, index) => ({
    distance: Math.max(0, median(minima[index] as Float32Array)),
    nearest: nearest[index] as NearestPatch[],
  }));
};
