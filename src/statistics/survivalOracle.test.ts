import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { coxProportionalHazards, designMatrix, kaplanMeier, logRank, type SurvivalTimes } from "./index.ts";

/** Every figure of the shared oracle (R survival 3.5-3) on its data sets. */

const shared = join(import.meta.dirname, "../../../shared");
const present = existsSync(join(shared, "oracles/survival_r.json")) && existsSync(join(shared, "data/survival"));
if (!present) console.log("skipped: ../shared with oracles/survival_r.json and data/survival is absent");

const scalar = z.union([z.number(), z.tuple([z.number()]).transform(([value]) => value)]);
const figure = z.union([
  z.object({
    formula: z.string(),
    median: z.array(z.number()),
    lcl: z.array(z.number().nullable()),
    ucl: z.array(z.number().nullable()),
    records: z.array(z.number()),
    events: z.array(z.number()),
    strata: z.array(z.string()),
  }),
  z.object({
    formula: z.string(),
    obs: z.array(z.number()),
    exp: z.array(z.number()),
    n: z.array(z.number()),
    chisq: scalar,
    df: scalar,
    p: scalar,
  }),
  z.object({
    formula: z.string(),
    n: z.number(),
    events: z.number(),
    terms: z.array(z.string()),
    coef: z.array(z.number()),
    se: z.array(z.number()),
    z: z.array(z.number()),
    p: z.array(z.number()),
    loglik: z.array(z.number()),
    lr_test: z.array(z.number()),
    wald: z.array(z.number()),
    score: z.array(z.number()),
    concordance: z.array(z.number()),
  }),
]);

const oracle = (): [string, z.infer<typeof figure>][] => {
  const all = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(join(shared, "oracles/survival_r.json"), "utf8")));
  return Object.entries(all)
    .flatMap(([name, value]) => (name.startsWith("_") ? [] : [[name, figure.parse(value)] as const]))
    .map(([name, value]) => [name, value]);
};

type Row = Record<string, string>;

const rowsOf = (dataSet: string): Row[] => {
  const [header = "", ...lines] = readFileSync(join(shared, "data/survival", `${dataSet}.csv`), "utf8")
    .trim()
    .split(/\r?\n/);
  const cells = (line: string): string[] => line.split(",").map((cell) => cell.replaceAll('"', ""));
  const names = cells(header);
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i] ?? "", cell])));
};

const numberOf = (cell: string | undefined): number => (cell === "yes" ? 1 : cell === "no" ? 0 : Number(cell));

/** The event column of each data set, and its word for an event. */
const EVENT: Record<string, [column: string, event: string]> = {
  lung: ["status", "2"],
  veteran: ["status", "1"],
  gbsg2: ["cens", "1"],
};

const survivalOf = (dataSet: string, rows: Row[]): SurvivalTimes => {
  const [column, event] = EVENT[dataSet] ?? ["", ""];
  return { timesDays: rows.map((row) => Number(row.time)), events: rows.map((row) => row[column] === event) };
};

const expectClose = (actual: number | null | undefined, expected: number | null | undefined, relative = 1e-6): void => {
  if (typeof actual !== "number" || typeof expected !== "number") {
    expect(actual).toBe(expected);
    return;
  }
  expect(Math.abs(actual - expected), `${actual} for ${expected}`).toBeLessThanOrEqual(
    1e-8 + relative * Math.abs(expected),
  );
};

const expectAllClose = (actual: readonly number[], expected: readonly number[], relative = 1e-6): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expectClose(value, expected[i], relative);
  });
};

/** The figures hold p-values of 1e-21, which an absolute tolerance would not test. */
const expectPValue = (actual: number, expected: number | undefined): void => {
  expect(Math.abs(actual - (expected ?? Number.NaN))).toBeLessThanOrEqual(1e-4 * (expected ?? 0));
};

const groupCodes = (labels: readonly string[], names: readonly string[]): number[] =>
  labels.map((label) => names.indexOf(label));

describe.skipIf(!present)("the figures of R's survival", () => {
  const figures = present ? oracle() : [];

  it("are all recognised", () => {
    expect(figures.map(([name]) => name)).toHaveLength(15);
  });

  it.each(figures)("%s", (name, expected) => {
    const dataSet = name.split("_")[0] ?? "";
    const covariates = (expected.formula.split("~")[1] ?? "").split("+").map((term) => term.trim());
    const rows = rowsOf(dataSet).filter((row) =>
      covariates.every((covariate) => covariate === "1" || row[covariate] !== "NA"),
    );
    const survival = survivalOf(dataSet, rows);
    const [by = ""] = covariates;

    if ("median" in expected) {
      expected.strata.forEach((stratum, i) => {
        const inGroup = (row: Row): boolean => stratum === "all" || numberOf(row[by]) === Number(stratum.split("=")[1]);
        const curve = kaplanMeier(survivalOf(dataSet, rows.filter(inGroup)));
        expect([curve.patients, curve.events]).toEqual([expected.records[i], expected.events[i]]);
        expectClose(curve.medianDays.estimate, expected.median[i]);
        expectClose(curve.medianDays.lower, expected.lcl[i]);
        expectClose(curve.medianDays.upper, expected.ucl[i]);
      });
      return;
    }
    if ("chisq" in expected) {
      const labels = rows.map((row) => row[by] ?? "");
      // R keeps the order of the factor: celltype is listed as in the data file, numbers and no/yes ascend.
      const names = by === "celltype" ? [...new Set(labels)] : [...new Set(labels)].sort();
      const test = logRank({ ...survival, groups: groupCodes(labels, names), groupCount: names.length });
      expectClose(test.statistic, expected.chisq);
      expect(test.degreesOfFreedom).toBe(expected.df);
      expectPValue(test.pValue, expected.p);
      expectAllClose(test.observed, expected.obs);
      expectAllClose(test.expected, expected.exp);
      expect(names.map((label) => labels.filter((other) => other === label).length)).toEqual(expected.n);
      return;
    }
    const design = designMatrix(
      covariates.map((covariate) => ({
        kind: "numeric",
        name: covariate,
        values: rows.map((row) => numberOf(row[covariate])),
      })),
    );
    const fit = coxProportionalHazards(
      { ...survival, design },
      { ties: name.endsWith("breslow") ? "breslow" : "efron" },
    );
    expect([fit.patients, fit.events]).toEqual([expected.n, expected.events]);
    expect(fit.terms.map((term) => term.name)).toEqual(expected.terms);
    expectAllClose(
      fit.terms.map((term) => term.coefficient),
      expected.coef,
    );
    expectAllClose(
      fit.terms.map((term) => term.standardError),
      expected.se,
    );
    expectAllClose(
      fit.terms.map((term) => term.z),
      expected.z,
    );
    fit.terms.forEach((term, i) => {
      expectPValue(term.pValue, expected.p[i]);
    });
    expectAllClose(fit.logLikelihood, expected.loglik);
    for (const [test, [statistic, degreesOfFreedom, pValue]] of [
      [fit.likelihoodRatio, expected.lr_test],
      [fit.score, expected.score],
    ] as const) {
      expectClose(test.statistic, statistic);
      expect(test.degreesOfFreedom).toBe(degreesOfFreedom);
      expectPValue(test.pValue, pValue);
    }
    // R's summary() rounds the Wald statistic to two decimals, and computes its p-value before that.
    expectClose(Math.round(fit.wald.statistic * 100) / 100, expected.wald[0]);
    expect(fit.wald.degreesOfFreedom).toBe(expected.wald[1]);
    expectPValue(fit.wald.pValue, expected.wald[2]);
    expectAllClose([fit.concordance, fit.concordanceStandardError], expected.concordance);
  });
});
