import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concordance } from "./concordance.ts";

type Patient = { time: number; event: boolean; score: number; stratum: number };

/** Every pair, one by one. */
const byPairs = (patients: readonly Patient[]) => {
  const counts = { concordant: 0, discordant: 0, tiedScores: 0, tiedTimes: 0, tiedBoth: 0 };
  patients.forEach((a, i) => {
    for (const b of patients.slice(i + 1)) {
      if (a.stratum !== b.stratum) continue;
      if (a.time === b.time && a.event === b.event) {
        if (!a.event) continue;
        if (a.score === b.score) counts.tiedBoth += 1;
        else counts.tiedTimes += 1;
        continue;
      }
      const aFirst = a.time < b.time || (a.time === b.time && a.event);
      const [first, second] = aFirst ? [a, b] : [b, a];
      if (!first.event) continue;
      if (first.score > second.score) counts.concordant += 1;
      else if (first.score < second.score) counts.discordant += 1;
      else counts.tiedScores += 1;
    }
  });
  return counts;
};

const indexOf = ({ concordant, discordant, tiedScores }: ReturnType<typeof byPairs>): number =>
  (concordant + tiedScores / 2) / (concordant + discordant + tiedScores);

/** The infinitesimal jackknife by differences: the index with the weight of one patient changed by ε. */
const jackknife = (patients: readonly Patient[]): number => {
  const total = byPairs(patients);
  const pairs = total.concordant + total.discordant + total.tiedScores;
  const good = total.concordant + total.tiedScores / 2;
  const epsilon = 1e-6;
  const slopes = patients.map((_, i) => {
    const without = byPairs(patients.filter((__, j) => j !== i));
    const itsPairs = pairs - (without.concordant + without.discordant + without.tiedScores);
    const itsGood = good - (without.concordant + without.tiedScores / 2);
    return ((good + epsilon * itsGood) / (pairs + epsilon * itsPairs) - good / pairs) / epsilon;
  });
  return Math.sqrt(slopes.reduce((sum, slope) => sum + slope ** 2, 0));
};

const compute = (patients: readonly Patient[]) =>
  concordance({
    timesDays: patients.map(({ time }) => time),
    events: patients.map(({ event }) => event),
    scores: patients.map(({ score }) => score),
    strata: patients.map(({ stratum }) => stratum),
  });

const cohort = (times: number, scores: number, strata: number) =>
  fc.array(
    fc.record({
      time: fc.integer({ min: 0, max: times }),
      event: fc.boolean(),
      score: fc.integer({ min: -scores, max: scores }).map((score) => score / 3),
      stratum: fc.integer({ min: 1, max: strata }),
    }),
    { minLength: 2, maxLength: 40 },
  );

const hasPairs = (patients: readonly Patient[]): boolean => Number.isFinite(indexOf(byPairs(patients)));

describe("concordance", () => {
  it.each([
    ["few ties", 100_000, 100_000, 1],
    ["ties in time", 4, 100_000, 1],
    ["ties in score", 100_000, 1, 1],
    ["ties in both", 4, 2, 1],
    ["ties in both, in strata", 5, 3, 3],
  ])("counts as every pair one by one: %s", (_, times, scores, strata) => {
    fc.assert(
      fc.property(cohort(times, scores, strata), (patients) => {
        fc.pre(hasPairs(patients));
        const { concordance: index, standardError, ...counts } = compute(patients);
        const expected = byPairs(patients);
        expect(counts).toEqual(expected);
        expect(index).toBeCloseTo(indexOf(expected), 12);
        expect(standardError).toBeCloseTo(jackknife(patients), 4);
      }),
      { numRuns: 200 },
    );
  });

  it("is mirrored when the scores change sign", () => {
    fc.assert(
      fc.property(cohort(10, 5, 2), (patients) => {
        fc.pre(hasPairs(patients));
        const mirrored = compute(patients.map((patient) => ({ ...patient, score: -patient.score })));
        expect(mirrored.concordance).toBeCloseTo(1 - compute(patients).concordance, 12);
      }),
    );
  });

  it("is 1 for perfect order and refuses patients of whom nobody outlived an event", () => {
    const perfect = { timesDays: [1, 2, 3], events: [true, true, false], scores: [3, 2, 1] };
    expect(concordance(perfect)).toMatchObject({ concordance: 1, standardError: 0, concordant: 3 });
    expect(() => concordance({ ...perfect, events: [false, false, true] })).toThrow(
      expect.objectContaining({ code: "TOO_FEW_PATIENTS" }),
    );
    expect(() => concordance({ ...perfect, scores: [3, Number.NaN, 1] })).toThrow(
      expect.objectContaining({ code: "BAD_ARGUMENT" }),
    );
    expect(() => concordance({ ...perfect, scores: [3, 1] })).toThrow(
      expect.objectContaining({ code: "BAD_ARGUMENT" }),
    );
  });
});
