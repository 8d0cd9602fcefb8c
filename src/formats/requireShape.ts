import { HistoError } from "../platform/errors.ts";
import type { FeatureLevel } from "./types.ts";

/** Patches that a slide may have: as many as its grid has cells. */
const MOST_ROWS = 2 ** 24;
/** pgvector's longest halfvec. */
const MOST_DIMS = 16_000;

/**
 * Checks a file's own word about its size before memory is taken for it.
 * @throws HistoError NO_TISSUE for no vectors, LIMIT_EXCEEDED, SLIDE_CORRUPT for what is no number of things
 */
export const requireShape = (rows: number, dims: number): void => {
  if (![rows, dims].every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new HistoError("SLIDE_CORRUPT", `The file says that it has ${rows} vectors of ${dims} numbers.`, {
      fix: "Copy or compute it again.",
    });
  }
  if (rows === 0 || dims === 0) {
    throw new HistoError("NO_TISSUE", "The file holds no vectors.", {
      fix: "Nothing was found on this slide; leave the file out.",
    });
  }
  if (rows <= MOST_ROWS && dims <= MOST_DIMS) return;
  throw new HistoError("LIMIT_EXCEEDED", `The file says that it has ${rows} vectors of ${dims} numbers.`, {
    fix: `A slide has at most ${MOST_ROWS} vectors, and a vector ${MOST_DIMS} numbers.`,
  });
};

/** @throws HistoError BAD_ARGUMENT for several vectors of what has one */
export const requireOneVector = (rows: number, level: FeatureLevel): void => {
  if (level === "PATCH" || rows <= 1) return;
  const unit = level === "SLIDE" ? "slide" : "patient";
  throw new HistoError("BAD_ARGUMENT", `There are ${rows} vectors; at level ${level} a ${unit} has one.`, {
    fix: "Import vectors of patches with level: PATCH.",
    path: ["level"],
  });
};
