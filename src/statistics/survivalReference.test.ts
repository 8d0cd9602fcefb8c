import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type CovariateTerm,
  completePatients,
  coxProportionalHazards,
  designMatrix,
  kaplanMeier,
  logRank,
  proportionalityTests,
} from "./index.ts";

/** Figures that R's survival gave for strata, categories, Schoenfeld tests and limits; `source` in the file says how. */

const numbers = z.array(z.number());
const test = z.object({
  statistic: z.number(),
  degreesOfFreedom: z.number(),
  pValue: z.number(),
  observed: numbers,
  expected: numbers,
});
const reference = z
  .object({
    small: z.object({ time: numbers, event: numbers, age: numbers, grade: z.array(z.string()), site: numbers }),
    kaplanMeier: z.array(
      z.object({
        limits: z.enum(["log", "log-log"]),
        confidence: z.number(),
        survival: numbers,
        lower: numbers,
        upper: numbers,
        atRisk: numbers,
        events: numbers,
        times: numbers,
        median: z.array(z.number().nullable()),
      }),
    ),
    logRank: test,
    stratifiedLogRank: test,
    veteranStratifiedLogRank: test,
    cox: z.array(
      z.object({
        data: z.string(),
        formula: z.string(),
        ties: z.enum(["efron", "breslow"]),
        names: z.array(z.string()),
        coefficient: numbers,
        standardError: numbers,
        z: numbers,
        pValue: numbers,
        lower: numbers,
        upper: numbers,
        logLikelihood: numbers,
        likelihoodRatio: numbers,
        wald: numbers,
        score: numbers,
        concordance: numbers,
        zphNames: z.array(z.string()),
        zphStatistic: numbers,
        zphDf: numbers,
        zphPValue: numbers,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "reference/rSurvival.json"), "utf8")));

const shared = join(import.meta.dirname, "../../../shared/data/survival");
const present = existsSync(shared);
if (!present) console.log("skipped in part: ../shared/data/survival with lung and veteran is absent");

type Table = Record<string, (string | number | null)[]>;

const read = (name: string): Table => {
  const [header = "", ...lines] = readFileSync(join(shared, `${name}.csv`), "utf8")
    .replaceAll('"', "")
    .trim()
    .split("\n");
  const cells = lines.map((line) => line.trim().split(","));
  return Object.fromEntries(
    header
      .trim()
      .split(",")
      .map((column, i) => [
        column,
        cells.map((row) => (row[i] === "NA" ? null : Number.isNaN(Number(row[i])) ? (row[i] ?? null) : Number(row[i]))),
      ]),
  );
};

const tableOf = (name: string): Table => (name === "small" ? reference.small : read(name));

/** The first level of R's factor(): the first in the data file for celltype, else the alphabetically first. */
const termOf = (name: string, values: (string | number | null)[]): CovariateTerm =>
  values.some((value) => typeof value === "string")
    ? {
        kind: "categorical",
        name,
        values: values.map((value) => value?.toString() ?? null),
        ...(name === "celltype" ? { reference: "squamous" } : {}),
      }
    : { kind: "numeric", name, values: values.map((value) => (typeof value === "number" ? value : null)) };

const pick = <T>(values: readonly T[], patients: readonly number[]): T[] =>
  patients.flatMap((i) => values.slice(i, i + 1));

const fitOf = ({ data, formula, ties }: (typeof reference.cox)[number]) => {
  const table = tableOf(data);
  const words = (formula.split("~")[1] ?? "").split("+");
  const stratum = words.map((word) => /^strata\((.*)\)$/.exec(word)?.[1]).find((word) => word !== undefined);
  const names = words.filter((word) => !word.startsWith("strata"));
  const all = table.time ?? [];
  const { complete } = completePatients(
    [...names, ...(stratum ? [stratum] : [])].map((name) => termOf(name, table[name] ?? [])),
    all.length,
  );
  const design = designMatrix(names.map((name) => termOf(name, pick(table[name] ?? [], complete))));
  const events = pick(table.event ?? table.status ?? [], complete).map((value) => value === (data === "lung" ? 2 : 1));
  const strata = stratum ? pick(table[stratum] ?? [], complete).map(String) : undefined;
  const input = { timesDays: pick(all, complete).map(Number), events, design, strata };
  const fit = coxProportionalHazards(input, { ties, confidence: 0.9 });
  return { fit, tests: proportionalityTests(input, fit) };
};

const close = (actual: readonly (number | null)[], expected: readonly (number | null)[], relative = 1e-6): void => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    const aim = expected[i];
    if (value === null || typeof aim !== "number") expect(value).toBe(aim);
    else
      expect(Math.abs(value - aim), `${value} for ${aim}`).toBeLessThanOrEqual(
        relative / 100 + relative * Math.abs(aim),
      );
  });
};

describe("kaplanMeier against survfit", () => {
  it.each(reference.kaplanMeier)("$limits limits at $confidence", (expected) => {
    const { limits, confidence } = expected;
    const curve = kaplanMeier(
      { timesDays: reference.small.time, events: reference.small.event },
      { limits, medianLimits: limits, confidence },
    );
    expect(curve.points[0]).toEqual({ timeDays: 0, survival: 1, lower: 1, upper: 1, atRisk: 40, events: 0 });
    const points = curve.points.slice(1);
    expect(points.map(({ timeDays }) => timeDays)).toEqual(expected.times);
    expect(points.map(({ atRisk }) => atRisk)).toEqual(expected.atRisk);
    expect(points.map(({ events }) => events)).toEqual(expected.events);
    close(
      points.map(({ survival }) => survival),
      expected.survival,
      1e-12,
    );
    close(
      points.map(({ lower }) => lower),
      expected.lower,
      1e-12,
    );
    close(
      points.map(({ upper }) => upper),
      expected.upper,
      1e-12,
    );
    const { estimate, lower, upper } = curve.medianDays;
    expect([estimate, lower, upper]).toEqual(expected.median);
  });
});

describe("logRank against survdiff", () => {
  const { time, event, grade, site } = reference.small;
  const grades = ["II", "III", "IV"];
  const input = { timesDays: time, events: event, groups: grade.map((value) => grades.indexOf(value)), groupCount: 3 };

  it.each([
    ["unstratified", input, reference.logRank],
    ["stratified", { ...input, strata: site }, reference.stratifiedLogRank],
  ] as const)("%s", (_, given, expected) => {
    const result = logRank(given);
    close([result.statistic, result.pValue], [expected.statistic, expected.pValue]);
    expect(result.degreesOfFreedom).toBe(expected.degreesOfFreedom);
    close(result.observed, expected.observed);
    close(result.expected, expected.expected);
  });

  it.skipIf(!present)("veteran by cell type, stratified by treatment", () => {
    const table = read("veteran");
    const types = [...new Set(table.celltype)];
    const result = logRank({
      timesDays: (table.time ?? []).map(Number),
      events: (table.status ?? []).map(Number),
      groups: (table.celltype ?? []).map((type) => types.indexOf(type)),
      groupCount: 4,
      strata: (table.trt ?? []).map(Number),
    });
    const expected = reference.veteranStratifiedLogRank;
    close([result.statistic, result.pValue], [expected.statistic, expected.pValue]);
    close(result.observed, expected.observed);
    close(result.expected, expected.expected);
  });
});

describe("coxProportionalHazards and proportionalityTests against coxph and cox.zph", () => {
  const available = reference.cox.filter(({ data }) => data === "small" || present);

  it.each(available)("$data, $formula, $ties", (expected) => {
    const { fit, tests } = fitOf(expected);
    // Where R's factor puts the levels in another order, the columns are compared by name.
    const places = expected.names.map((name) => fit.terms.findIndex((term) => term.name.replace(": ", "") === name));
    const terms = pick(fit.terms, places);
    expect(terms.map(({ name }) => name.replace(": ", ""))).toEqual(expected.names);
    close(
      terms.map(({ coefficient }) => coefficient),
      expected.coefficient,
    );
    close(
      terms.map(({ standardError }) => standardError),
      expected.standardError,
    );
    close(
      terms.map(({ z: value }) => value),
      expected.z,
    );
    close(
      terms.map(({ pValue }) => pValue),
      expected.pValue,
      1e-7,
    );
    close(
      terms.map(({ lower }) => lower),
      expected.lower,
    );
    close(
      terms.map(({ upper }) => upper),
      expected.upper,
    );
    close(
      terms.map(({ hazardRatio }) => hazardRatio),
      expected.coefficient.map(Math.exp),
    );
    close(fit.logLikelihood, expected.logLikelihood);
    for (const key of ["likelihoodRatio", "wald", "score"] as const)
      close([fit[key].statistic, fit[key].pValue], expected[key]);
    close([fit.concordance, fit.concordanceStandardError], expected.concordance);
    expect(tests.map(({ name }) => name)).toEqual(expected.zphNames);
    close(
      tests.map(({ statistic }) => statistic),
      expected.zphStatistic,
      1e-7,
    );
    expect(tests.map(({ degreesOfFreedom }) => degreesOfFreedom)).toEqual(expected.zphDf);
    close(
      tests.map(({ pValue }) => pValue),
      expected.zphPValue,
      1e-6,
    );
  });
});
