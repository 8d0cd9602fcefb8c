import type { CoxFit } from "./cox.ts";
import { chiSquareUpperTail } from "./distributions.ts";
import type { ChiSquareTest } from "./hypothesisTest.ts";
import { dot, factorise, packedLength, solve, unpack } from "./linearAlgebra.ts";
import { forEachEventTime } from "./partialLikelihood.ts";
import { type CoxInput, type StandardisedRiskSets, standardisedRiskSets } from "./riskSets.ts";

/** 1 − the Kaplan–Meier estimate just before each distinct time, all strata together: the "km" transform of time. */
const transformedTimes = ({ sets, times }: StandardisedRiskSets): Float64Array => {
  const leaving = new Uint32Array(times.distinct.length);
  const deaths = new Uint32Array(times.distinct.length);
  sets.timeIndex.forEach((time, i) => {
    leaving[time] = (leaving[time] ?? 0) + 1;
    deaths[time] = (deaths[time] ?? 0) + (sets.events[i] ?? 0);
  });
  let survival = 1;
  let atRisk = sets.patients;
  return Float64Array.from(times.distinct, (_, time) => {
    const before = 1 - survival;
    survival *= 1 - (deaths[time] ?? 0) / atRisk;
    atRisk -= leaving[time] ?? 0;
    return before;
  });
};

const meanAtEvents = (values: Float64Array, { sets }: StandardisedRiskSets): number => {
  let sum = 0;
  let events = 0;
  sets.timeIndex.forEach((time, i) => {
    if (!sets.events[i]) return;
    sum += values[time] ?? 0;
    events += 1;
  });
  return sum / events;
};

/** Information of the time-dependent coefficients once the constant ones are accounted for: D − B·V⁻¹·B, row-major. */
const schurComplement = (v: Float64Array, b: Float64Array, d: Float64Array, columns: number): Float64Array | null => {
  const result = factorise(v, columns);
  if ("dependentColumn" in result) return null;
  const complement = Float64Array.from(d);
  for (let column = 0; column < columns; column += 1) {
    const solved = solve(result.factorisation, b.subarray(column * columns, (column + 1) * columns));
    for (let row = 0; row < columns; row += 1)
      complement[row * columns + column] =
        (complement[row * columns + column] ?? 0) - dot(b.subarray(row * columns, (row + 1) * columns), solved);
  }
  return complement;
};

/**
 * Schoenfeld residual tests of proportional hazards: one for each term, then `GLOBAL` over all.
 *
 * The score test for adding x·g(t) to the fitted model, g being 1 − Kaplan–Meier just before t, centred over the events
 * (Grambsch & Therneau 1994, in the exact form that cox.zph of R's survival has had since 3.0, without the approximation
 * that the covariates' variance is constant over time). The dummies of one categorical term are tested together.
 * A test whose information is singular, as when all events happen at one time, is left out of the list.
 */
export const proportionalityTests = (input: CoxInput, fit: CoxFit): ChiSquareTest[] => {
  const standardised = standardisedRiskSets(input);
  const { sets, scales } = standardised;
  const columns = sets.columns;
  const transformed = transformedTimes(standardised);
  const centre = meanAtEvents(transformed, standardised);
  const coefficients = Float64Array.from(fit.terms, ({ coefficient }, a) => coefficient * (scales[a] ?? 1));

  const score = new Float64Array(columns);
  const moments = [0, 1, 2].map(() => new Float64Array(packedLength(columns)));
  forEachEventTime(sets, coefficients, fit.ties, (at) => {
    const g = (transformed[at.timeIndex] ?? 0) - centre;
    for (let a = 0; a < columns; a += 1) score[a] = (score[a] ?? 0) + g * (at.score[a] ?? 0);
    moments.forEach((moment, power) => {
      const weight = g ** power;
      for (let e = 0; e < moment.length; e += 1) moment[e] = (moment[e] ?? 0) + weight * (at.information[e] ?? 0);
    });
  });
  const all = [...Array(columns).keys()];
  const [v, b, d] = moments.map((moment) => unpack(moment, all));
  const complement = v && b && d ? schurComplement(v, b, d, columns) : null;
  if (complement === null) return [];

  const groups = [
    ...input.design.terms.map(({ name, first, count }) => ({ name, chosen: all.slice(first, first + count) })),
    { name: "GLOBAL", chosen: all },
  ];
  return groups.flatMap(({ name, chosen }) => {
    const matrix = Float64Array.from(chosen.flatMap((a) => chosen.map((c) => complement[a * columns + c] ?? 0)));
    const result = factorise(matrix, chosen.length);
    if ("dependentColumn" in result) return [];
    const residual = chosen.map((a) => score[a] ?? 0);
    const statistic = dot(residual, solve(result.factorisation, residual));
    return [{ name, statistic, degreesOfFreedom: chosen.length, pValue: chiSquareUpperTail(statistic, chosen.length) }];
  });
};
