import { HistoError } from "../platform/errors.ts";

/** How two groupings of the same rows agree. Labels are any numbers or strings; which ones does not matter. */
export type Labels = ArrayLike<number> | readonly string[];

/** Rows that have each pair of labels, and each label, of two groupings. */
type Contingency = { rows: number; cells: number[]; left: number[]; right: number[]; cellsOfRight: number[][] };

const contingency = (a: Labels, b: Labels): Contingency => {
  if (a.length !== b.length || a.length === 0) {
    throw new HistoError("BAD_ARGUMENT", `${a.length} and ${b.length} labels are not two groupings of the same rows.`, {
      fix: "Give one label a row in both, for at least one row.",
      path: ["labels"],
    });
  }
  const left = new Map<number | string, number>();
  const right = new Map<number | string, Map<number | string, number>>();
  for (let row = 0; row < a.length; row++) {
    const of = a[row] ?? "";
    const by = b[row] ?? "";
    left.set(of, (left.get(of) ?? 0) + 1);
    const cells = right.get(by) ?? new Map<number | string, number>();
    cells.set(of, (cells.get(of) ?? 0) + 1);
    right.set(by, cells);
  }
  const cellsOfRight = [...right.values()].map((cells) => [...cells.values()]);
  return {
    rows: a.length,
    cells: cellsOfRight.flat(),
    left: [...left.values()],
    right: cellsOfRight.map((cells) => cells.reduce((sum, count) => sum + count, 0)),
    cellsOfRight,
  };
};

const pairs = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);

/**
 * Adjusted Rand index of two groupings (Hubert & Arabie 1985): 1 when they are the same but for names, 0 on average for
 * groupings at random, at least −0.5. Symmetric.
 */
export const adjustedRandIndex = (a: Labels, b: Labels): number => {
  const { rows, cells, left, right } = contingency(a, b);
  const all = pairs([rows]);
  const together = pairs(cells);
  const inLeft = pairs(left);
  const inRight = pairs(right);
  const expected = all === 0 ? 0 : (inLeft * inRight) / all;
  const most = (inLeft + inRight) / 2;
  // Only when both put every row alone, or both put all together, is there nothing that chance could change.
  return most === expected ? 1 : (together - expected) / (most - expected);
};

const entropy = (counts: readonly number[], rows: number): number =>
  -counts.reduce((sum, count) => sum + (count / rows) * Math.log(count / rows), 0);

/** By what share knowing the other grouping lowers the entropy `whole` of one; `joint` is the entropy of both together. */
const knownShare = (whole: number, joint: number, other: number): number => {
  // Of a grouping into one there is nothing to know.
  if (whole === 0) return 1;
  return Math.min(1, Math.max(0, 1 - (joint - other) / whole));
};

export type Agreement = {
  /** 1 when each cluster holds rows of one class only. */
  homogeneity: number;
  /** 1 when all rows of a class are in one cluster. */
  completeness: number;
  /** Their harmonic mean; the same with classes and clusters changed over. */
  vMeasure: number;
};

/** Homogeneity, completeness and V-measure of clusters against true classes (Rosenberg & Hirschberg 2007). */
export const clusterAgreement = (classes: Labels, clusters: Labels): Agreement => {
  const { rows, cells, left, right } = contingency(classes, clusters);
  const ofClasses = entropy(left, rows);
  const ofClusters = entropy(right, rows);
  const joint = entropy(cells, rows);
  const homogeneity = knownShare(ofClasses, joint, ofClusters);
  const completeness = knownShare(ofClusters, joint, ofClasses);
  const sum = homogeneity + completeness;
  return { homogeneity, completeness, vMeasure: sum === 0 ? 0 : (2 * homogeneity * completeness) / sum };
};

export const homogeneity = (classes: Labels, clusters: Labels): number =>
  clusterAgreement(classes, clusters).homogeneity;
export const completeness = (classes: Labels, clusters: Labels): number =>
  clusterAgreement(classes, clusters).completeness;
export const vMeasure = (classes: Labels, clusters: Labels): number => clusterAgreement(classes, clusters).vMeasure;

/** Share of the rows that are of their cluster's commonest class (Manning et al. 2008, section 16.3). */
export const purity = (classes: Labels, clusters: Labels): number => {
  const { rows, cellsOfRight } = contingency(classes, clusters);
  return cellsOfRight.reduce((sum, cells) => sum + Math.max(...cells), 0) / rows;
};
