import { HistoError } from "../platform/errors.ts";
import type { Rows } from "./rowSource.ts";
import type { ClusterMetric } from "./types.ts";

const EXPONENT_OF_HALF = 0x7c00;

/**
 * Throws for the first row whose `check` (something that the graph computed of it) is not finite: NOT_FINITE when it
 * holds NaN or infinity, BAD_ARGUMENT when it is all zeros, which has no direction. `numberOf` tells its number.
 */
export const refuseUnusableRows = (
  check: Float32Array,
  rows: Rows,
  dims: number,
  metric: ClusterMetric,
  numberOf: (row: number) => number,
): void => {
  const row = check.findIndex((value) => !Number.isFinite(value));
  if (row < 0) return;
  const path = ["rows", String(numberOf(row))];
  const values = rows.subarray(row * dims, (row + 1) * dims);
  if (metric === "cosine" && values.every((value) => (rows instanceof Uint16Array ? value & 0x7fff : value) === 0)) {
    throw new HistoError("BAD_ARGUMENT", `Row ${path[1]} is all zeros, which has no direction.`, {
      fix: 'Leave such rows out, or use the metric "euclidean".',
      path,
    });
  }
  const holdsNonFinite =
    rows instanceof Uint16Array
      ? values.some((bits) => (bits & EXPONENT_OF_HALF) === EXPONENT_OF_HALF)
      : values.some((value) => !Number.isFinite(value));
  throw new HistoError(
    "NOT_FINITE",
    holdsNonFinite
      ? `Row ${path[1]} holds NaN or infinity.`
      : `Row ${path[1]} cannot be measured in 32-bit floats: its numbers are too large or too small.`,
    { fix: "Embed or import these rows again, or leave them out.", path },
  );
};
