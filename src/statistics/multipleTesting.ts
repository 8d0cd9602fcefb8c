import { HistoError } from "../platform/errors.ts";

/**
 * Benjamini–Hochberg q-values: the smallest false discovery rate at which each test would be called significant.
 * q of the i-th smallest of m p-values is min over j ≥ i of p(j)·m/j, at most 1 (Benjamini & Hochberg 1995). A null (a test
 * that could not be done) stays null and is not counted among the m.
 * @throws BAD_ARGUMENT for a p-value outside [0, 1].
 */
export const benjaminiHochberg = (pValues: readonly (number | null)[]): (number | null)[] => {
  const tested = pValues.flatMap((p, i) => {
    if (p === null) return [];
    if (!(p >= 0 && p <= 1)) throw new HistoError("BAD_ARGUMENT", `${p} is not a p-value.`);
    return [{ p, i }];
  });
  const qValues: (number | null)[] = pValues.map(() => null);
  let smallest = 1;
  tested
    .sort((x, y) => y.p - x.p)
    .forEach(({ p, i }, place) => {
      smallest = Math.min(smallest, (p * tested.length) / (tested.length - place));
      qValues[i] = smallest;
    });
  return qValues;
};
