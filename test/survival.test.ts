import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { createWorld, type World } from "./support/world.ts";

/** The survival query: R's figures through the API, groups of every kind, who is left out, and what is refused. */

type Estimate = { estimate: number | null; lower: number | null; upper: number | null };
type Test = { name: string; statistic: number; degreesOfFreedom: number; pValue: number };
type Analysis = {
  endpoint: { key: string };
  groups: {
    name: string;
    patients: number;
    events: number;
    medianDays: Estimate;
    curve: { timeDays: number; survival: number; lower: number; upper: number; atRisk: number; events: number }[];
  }[];
  logRank: Test | null;
  cox: {
    patients: number;
    events: number;
    terms: {
      name: string;
      coefficient: number;
      standardError: number;
      hazardRatio: number;
      z: number;
      pValue: number;
    }[];
    concordance: number;
    concordanceStandardError: number;
    logLikelihood: [number, number];
    likelihoodRatio: Test;
    wald: Test;
    score: Test;
    proportionality: Test[];
  } | null;
  excluded: { reason: string; patients: number }[];
};

const DOCUMENT = `query($input: SurvivalInput!) {
  survival(input: $input) {
    endpoint { key }
    groups { name patients events medianDays { estimate lower upper } curve { timeDays survival lower upper atRisk events } }
    logRank { name statistic degreesOfFreedom pValue }
    cox {
      patients events concordance concordanceStandardError logLikelihood
      terms { name coefficient standardError hazardRatio z pValue }
      likelihoodRatio { name statistic degreesOfFreedom pValue }
      wald { name statistic degreesOfFreedom pValue }
      score { name statistic degreesOfFreedom pValue }
      proportionality { name statistic degreesOfFreedom pValue }
    }
    excluded { reason patients }
  }
}`;

type Value = number | string | boolean;
type Row = { survival?: [number, boolean]; values: Record<string, Value> };
type Type = "NUMBER" | "CATEGORY" | "BOOLEAN" | "TEXT";

let world: World;

/** A study with these patients, written as an import would. */
const study = async (key: string, rows: readonly Row[], types: Record<string, Type>): Promise<void> => {
  const { database } = world.app;
  await database.query("INSERT INTO study (key, name) VALUES ($1, $1)", [key]);
  await database.query(
    `INSERT INTO attribute (study_id, key, type, level)
     SELECT study.id, given.key, given.type::attribute_type, 'PATIENT' FROM study, unnest($2::text[], $3::text[]) AS given (key, type)
     WHERE study.key = $1`,
    [key, Object.keys(types), Object.values(types)],
  );
  await database.query("INSERT INTO survival_endpoint (study_id, key) SELECT id, 'os' FROM study WHERE key = $1", [
    key,
  ]);
  await database.query(
    `INSERT INTO patient (study_id, key, clinical, survival)
     SELECT study.id, 'P' || given.position, given.row -> 'values', coalesce(given.row -> 'survival', '{}')
     FROM study, jsonb_array_elements($2::jsonb) WITH ORDINALITY AS given (row, position) WHERE study.key = $1`,
    [
      key,
      JSON.stringify(rows.map(({ values, survival }) => ({ values, ...(survival && { survival: { os: survival } }) }))),
    ],
  );
};

const answer = (input: Record<string, unknown>) =>
  world.query<{ survival: Analysis }>(DOCUMENT, { input: { endpoint: "os", ...input } });

const analyse = async (input: Record<string, unknown>): Promise<Analysis> => {
  const { data, errors } = await answer(input);
  if (!data || errors) throw new Error(JSON.stringify(errors));
  return data.survival;
};

const codes = async (input: Record<string, unknown>) => (await answer(input)).errors?.map(({ code }) => code);

const save = (studyKey: string, key: string, patients: Record<string, unknown>, freeze = false) =>
  world.ask<{ saveCohort: { cohort: { id: string } | null; errors: unknown[] } }>(
    "mutation($input: SaveCohortInput!) { saveCohort(input: $input) { cohort { id } errors { code message } } }",
    { input: { studyKey, key, name: `Cohort ${key}`, patients, freeze } },
  );

beforeAll(async () => {
  world = await createWorld({ work: false });
});
afterAll(() => world.close());

const shared = join(import.meta.dirname, "../../shared");
const hasData = existsSync(join(shared, "data/survival")) && existsSync(join(shared, "oracles/survival_r.json"));
if (!hasData) console.log("R's figures are not compared: ../shared/data/survival or ../shared/oracles is not here.");

type Figure = Record<string, number[] | number | string[]>;

describe.skipIf(!hasData)("R's figures, through the API", () => {
  const figures = (hasData ? JSON.parse(readFileSync(join(shared, "oracles/survival_r.json"), "utf8")) : {}) as Record<
    string,
    Figure
  >;
  const list = (name: string, field: string) => [figures[name]?.[field] ?? []].flat() as number[];

  const close = (actual: readonly (number | null)[], expected: readonly (number | null)[], relative = 1e-6) => {
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) => {
      const wanted = expected[i];
      if (wanted == null || value === null) expect(value).toBe(wanted);
      else
        expect(Math.abs(value - wanted), `${value} for ${wanted}`).toBeLessThanOrEqual(
          1e-8 + relative * Math.abs(wanted),
        );
    });
  };

  const dataSets: Record<string, { event: (row: Record<string, string>) => boolean; types: Record<string, Type> }> = {
    lung: { event: (row) => row.status === "2", types: { age: "NUMBER", sex: "NUMBER", "ph.ecog": "NUMBER" } },
    veteran: {
      event: (row) => row.status === "1",
      types: {
        trt: "NUMBER",
        celltype: "CATEGORY",
        karno: "NUMBER",
        diagtime: "NUMBER",
        age: "NUMBER",
        prior: "NUMBER",
      },
    },
    gbsg2: {
      event: (row) => row.cens === "1",
      types: {
        horTh: "BOOLEAN",
        age: "NUMBER",
        tsize: "NUMBER",
        pnodes: "NUMBER",
        progrec: "NUMBER",
        estrec: "NUMBER",
      },
    },
  };

  const readCell = (cell: string, type: Type): Value =>
    type === "NUMBER" ? Number(cell) : type === "BOOLEAN" ? cell === "yes" : cell;

  beforeAll(async () => {
    for (const [name, { event, types }] of Object.entries(dataSets)) {
      const [header = "", ...lines] = readFileSync(join(shared, "data/survival", `${name}.csv`), "utf8")
        .replaceAll('"', "")
        .trim()
        .split(/\r?\n/);
      const rows = lines.map((line): Row => {
        const cells = Object.fromEntries(line.split(",").map((cell, i) => [header.split(",")[i] ?? "", cell]));
        const values = Object.entries(types).flatMap(([key, type]) =>
          cells[key] === "NA" ? [] : [[key, readCell(cells[key] ?? "", type)] as const],
        );
        return { survival: [Number(cells.time), event(cells)], values: Object.fromEntries(values) };
      });
      await study(name, rows, types);
    }
  });

  it.each([
    ["lung_all_km", "lung", undefined],
    ["lung_sex_km", "lung", { attribute: { key: "sex", cuts: [1] } }],
    ["veteran_trt_km", "veteran", { attribute: { key: "trt", quantiles: undefined, cuts: [1] } }],
    ["gbsg2_horTh_km", "gbsg2", { attribute: { key: "horTh" } }],
  ])("%s", async (name, studyKey, groupBy) => {
    const { groups } = await analyse({ studyKey, groupBy });
    close(
      groups.map(({ patients }) => patients),
      list(name, "records"),
    );
    close(
      groups.map(({ events }) => events),
      list(name, "events"),
    );
    close(
      groups.map(({ medianDays }) => medianDays.estimate),
      list(name, "median"),
    );
    close(
      groups.map(({ medianDays }) => medianDays.lower),
      list(name, "lcl"),
    );
    close(
      groups.map(({ medianDays }) => medianDays.upper),
      list(name, "ucl"),
    );
  });

  it.each([
    ["lung_sex_logrank", "lung", { key: "sex", cuts: [1] }],
    ["veteran_celltype_logrank", "veteran", { key: "celltype" }],
    ["gbsg2_horTh_logrank", "gbsg2", { key: "horTh" }],
  ])("%s", async (name, studyKey, attribute) => {
    const { groups, logRank } = await analyse({ studyKey, groupBy: { attribute } });
    close([logRank?.statistic ?? null], list(name, "chisq"));
    expect(logRank?.degreesOfFreedom).toBe(figures[name]?.df);
    close([logRank?.pValue ?? null], list(name, "p"), 1e-4);
    // R lists the cell types in the order of their first appearance.
    expect(groups.map(({ patients }) => patients).sort()).toEqual(list(name, "n").sort());
  });

  const coxes = Object.keys(figures).filter((name) => name.includes("_cox_"));
  it.each(coxes)("%s", async (name) => {
    const studyKey = name.split("_")[0] ?? "";
    const terms = list(name, "terms") as unknown as string[];
    const { cox } = await analyse({
      studyKey,
      cox: { terms, ties: name.endsWith("breslow") ? "BRESLOW" : "EFRON" },
    });
    if (!cox) throw new Error("There is no regression.");
    expect([cox.patients, cox.events]).toEqual([figures[name]?.n, figures[name]?.events]);
    expect(cox.terms.map((term) => term.name.split(":")[0])).toEqual(terms);
    close(
      cox.terms.map(({ coefficient }) => coefficient),
      list(name, "coef"),
    );
    close(
      cox.terms.map(({ standardError }) => standardError),
      list(name, "se"),
    );
    close(
      cox.terms.map(({ z }) => z),
      list(name, "z"),
    );
    close(
      cox.terms.map(({ pValue }) => pValue),
      list(name, "p"),
      1e-4,
    );
    close(
      cox.terms.map(({ hazardRatio }) => hazardRatio),
      list(name, "coef").map(Math.exp),
    );
    close(cox.logLikelihood, list(name, "loglik"));
    for (const [test, [statistic, degreesOfFreedom, pValue]] of [
      [cox.likelihoodRatio, list(name, "lr_test")],
      [cox.score, list(name, "score")],
    ] as const) {
      close([test.statistic], [statistic ?? Number.NaN]);
      expect(test.degreesOfFreedom).toBe(degreesOfFreedom);
      close([test.pValue], [pValue ?? Number.NaN], 1e-4);
    }
    // R rounds the statistic of this test to two decimals.
    expect(cox.wald.statistic.toFixed(2)).toBe(list(name, "wald")[0]?.toFixed(2));
    close([cox.wald.pValue], [list(name, "wald")[2] ?? Number.NaN], 1e-4);
    close([cox.concordance, cox.concordanceStandardError], list(name, "concordance"));
    expect(cox.proportionality.map((test) => test.name)).toEqual([...terms, "GLOBAL"]);
  });

  it("counts those without a covariate as left out of the regression only", async () => {
    const { groups, cox, excluded } = await analyse({ studyKey: "lung", cox: { terms: ["age", "ph.ecog"] } });
    expect([groups[0]?.patients, cox?.patients]).toEqual([228, 227]);
    expect(excluded).toEqual([{ reason: 'no value of "ph.ecog", left out of the regression only', patients: 1 }]);
  });

  it("stratifies the test and the regression", async () => {
    const { logRank, cox } = await analyse({
      studyKey: "veteran",
      groupBy: { attribute: { key: "trt", cuts: [1] } },
      strata: ["celltype"],
      cox: { terms: ["trt", "karno"] },
    });
    expect(logRank?.name).toBe("stratified log-rank");
    const plain = await analyse({ studyKey: "veteran", cox: { terms: ["trt", "karno"] } });
    expect(cox?.logLikelihood[0]).toBeGreaterThan(plain.cox?.logLikelihood[0] ?? 0);
  });
});

describe("groups", () => {
  /** Times 10, 20, …; every third censored; ages 31 to 70; four without an endpoint, four without a grade. */
  const rows = Array.from(
    { length: 40 },
    (_, i): Row => ({
      ...(i % 10 !== 9 && { survival: [10 * (i + 1), i % 3 !== 0] }),
      values: {
        age: 31 + ((7 * i) % 40),
        sex: i % 2 === 0 ? "female" : "male",
        smoker: i % 4 === 0,
        note: `note ${i}`,
        ...(i % 10 !== 8 && { grade: ["I", "II", "III"][i % 3] as string }),
      },
    }),
  );
  let cohorts: Record<string, string>;

  beforeAll(async () => {
    await study("glioma", rows, { age: "NUMBER", sex: "CATEGORY", smoker: "BOOLEAN", note: "TEXT", grade: "CATEGORY" });
    await world.app.database.query(
      "INSERT INTO attribute (study_id, key, type, level) SELECT id, 'block', 'CATEGORY', 'SLIDE' FROM study WHERE key = 'glioma'",
    );
    await study("other", [], {});
    const young = { clinical: [{ attribute: "age", test: { number: { lte: 50 } } }] };
    await save("glioma", "young", young);
    await save("glioma", "old", { not: young }, true);
    await save("glioma", "women", { clinical: [{ attribute: "sex", test: { category: ["female"] } }] });
    cohorts = Object.fromEntries(
      ["young", "old", "women", "nobody"].map((key) => [key, encodeId("Cohort", "glioma", key)]),
    );
  });

  const glioma = (input: Record<string, unknown> = {}) => analyse({ studyKey: "glioma", ...input });
  const sizes = ({ groups }: Analysis) => Object.fromEntries(groups.map(({ name, patients }) => [name, patients]));

  it("are all patients in one when none are asked for", async () => {
    const { groups, logRank, cox, excluded, endpoint } = await glioma();
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ name: "all", patients: 36 });
    expect(groups[0]?.curve[0]).toEqual({ timeDays: 0, survival: 1, lower: 1, upper: 1, atRisk: 36, events: 0 });
    expect(groups[0]?.curve.reduce((sum, { events }) => sum + events, 0)).toBe(groups[0]?.events);
    expect([logRank, cox, endpoint.key]).toEqual([null, null, "os"]);
    expect(excluded).toEqual([{ reason: 'no time and event of "os"', patients: 4 }]);
  });

  it.each([
    ["values of a category", { key: "sex" }, { female: 20, male: 16 }],
    ["values of a boolean", { key: "smoker" }, { false: 26, true: 10 }],
    ["quantiles", { key: "age", quantiles: 2 }, { "≤ 50.5": 18, "> 50.5": 18 }],
    ["cuts", { key: "age", cuts: [40, 60] }, { "≤ 40": 9, "> 40 to 60": 18, "> 60": 9 }],
    ["cuts beside all values", { key: "age", cuts: [50, 500] }, { "≤ 50": 18, "> 50 to 500": 18, "> 500": 0 }],
  ])("are %s", async (_what, attribute, expected) => {
    const analysis = await glioma({ groupBy: { attribute } });
    expect(sizes(analysis)).toEqual(expected);
    expect(analysis.logRank?.degreesOfFreedom).toBe(Object.values(expected).filter(Boolean).length - 1);
  });

  it("have each patient left out counted once, by the first reason", async () => {
    const analysis = await glioma({ groupBy: { attribute: { key: "grade" } }, cox: { terms: ["age"] } });
    expect(analysis.excluded).toEqual([
      { reason: 'no time and event of "os"', patients: 4 },
      { reason: 'no value of "grade"', patients: 4 },
    ]);
    expect(analysis.cox?.patients).toBe(32);
    const strata = await glioma({ groupBy: { attribute: { key: "sex" } }, strata: ["grade"] });
    expect(strata.excluded.map(({ patients }) => patients)).toEqual([4, 4]);
  });

  it("are cohorts, live or frozen, under their names", async () => {
    const analysis = await glioma({ groupBy: { cohorts: [cohorts.young, cohorts.old] } });
    expect(sizes(analysis)).toEqual({ "Cohort young": 18, "Cohort old": 18 });
    expect(analysis.logRank).toMatchObject({ name: "log-rank", degreesOfFreedom: 1 });
  });

  it("of cohorts that share patients are not tested against each other", async () => {
    const analysis = await glioma({ groupBy: { cohorts: [cohorts.young, cohorts.women] } });
    expect(sizes(analysis)).toEqual({ "Cohort young": 18, "Cohort women": 20 });
    expect(analysis.logRank).toBeNull();
    expect(analysis.excluded).toContainEqual({ reason: "in none of the cohorts", patients: 8 });
  });

  it("are made of the patients that pass the filter", async () => {
    const filter = { clinical: [{ attribute: "sex", test: { category: ["female"] } }] };
    const analysis = await glioma({ patients: filter, groupBy: { cohorts: [cohorts.young, cohorts.old] } });
    expect(sizes(analysis)).toEqual({ "Cohort young": 10, "Cohort old": 10 });
  });

  it("cost as many statements for any number of them", async () => {
    const statements = async (ids: unknown[]) => {
      world.takeStatements();
      await glioma({ groupBy: { cohorts: ids } });
      return world.takeStatements().filter((text) => !text.includes("pgboss")).length;
    };
    expect(await statements([cohorts.young, cohorts.old, cohorts.women])).toBe(await statements([cohorts.young]));
  });

  const group = (attribute: Record<string, unknown>) => ({ groupBy: { attribute } });
  it.each([
    ["an unknown study", { studyKey: "nowhere" }, "NOT_FOUND"],
    ["an unknown endpoint", { endpoint: "pfs" }, "NOT_FOUND"],
    ["an unknown attribute", group({ key: "agee" }), "COLUMN_UNKNOWN"],
    ["an unknown stratum", { strata: ["nothing"] }, "COLUMN_UNKNOWN"],
    ["an unknown covariate", { cox: { terms: ["nothing"] } }, "COLUMN_UNKNOWN"],
    ["an attribute of slides", group({ key: "block" }), "COLUMN_UNKNOWN"],
    ["quantiles of a category", group({ key: "sex", quantiles: 2 }), "TYPE_MISMATCH"],
    ["cuts of a boolean", group({ key: "smoker", cuts: [1] }), "TYPE_MISMATCH"],
    ["groups by text", group({ key: "note" }), "TYPE_MISMATCH"],
    ["text as a covariate", { cox: { terms: ["note"] } }, "TYPE_MISMATCH"],
    [
      "a predicate of another type",
      { patients: { clinical: [{ attribute: "sex", test: { boolean: true } }] } },
      "TYPE_MISMATCH",
    ],
    ["a number in no groups", group({ key: "age" }), "BAD_ARGUMENT"],
    ["quantiles and cuts", group({ key: "age", quantiles: 2, cuts: [40] }), "BAD_ARGUMENT"],
    ["one quantile", group({ key: "age", quantiles: 1 }), "BAD_ARGUMENT"],
    ["eleven quantiles", group({ key: "age", quantiles: 11 }), "BAD_ARGUMENT"],
    ["no cuts", group({ key: "age", cuts: [] }), "BAD_ARGUMENT"],
    ["cuts that descend", group({ key: "age", cuts: [50, 40] }), "BAD_ARGUMENT"],
    ["a confidence of 1", { confidence: 1 }, "BAD_ARGUMENT"],
    ["a confidence of 0.4", { confidence: 0.4 }, "BAD_ARGUMENT"],
    ["no covariates", { cox: { terms: [] } }, "BAD_ARGUMENT"],
    ["a covariate twice", { cox: { terms: ["age", "age"] } }, "BAD_ARGUMENT"],
    ["no cohorts", { groupBy: { cohorts: [] } }, "BAD_ARGUMENT"],
    ["an unknown cohort", { groupBy: { cohorts: [encodeId("Cohort", "glioma", "nobody")] } }, "NOT_FOUND"],
    ["a cohort of another study", { groupBy: { cohorts: [encodeId("Cohort", "other", "all")] } }, "BAD_ARGUMENT"],
    ["a filter of another study", { patients: { studyKey: "other" } }, "BAD_ARGUMENT"],
    ["a filter that nobody passes", { patients: { keys: ["nobody"] } }, "TOO_FEW_PATIENTS"],
    ["nobody who had the event", { patients: { keys: ["P1", "P4", "P7"] } }, "ALL_CENSORED"],
  ])("refuse %s", async (_what, input, code) => {
    const { data, errors } = await answer({ studyKey: "glioma", ...input });
    expect(data).toBeNull();
    expect(errors?.map((error) => error.code)).toEqual([code]);
    expect(errors?.[0]?.fix).toEqual(expect.any(String));
  });

  it("names the endpoints that there are", async () => {
    expect((await answer({ studyKey: "glioma", endpoint: "pfs" })).errors?.[0]?.fix).toContain("os");
  });

  it("keep their curves where the test or the regression cannot be computed", async () => {
    const patients = { keys: ["P2", "P3"] };
    const { data, errors } = await answer({
      studyKey: "glioma",
      patients,
      groupBy: { attribute: { key: "smoker" } },
      cox: { terms: ["age", "sex"] },
    });
    expect(data?.survival.groups.map(({ patients: count }) => count)).toEqual([2]);
    expect(data?.survival).toMatchObject({ logRank: null, cox: null });
    expect(errors?.map(({ code }) => code)).toEqual(["TOO_FEW_PATIENTS"]);
  });

  it("are hidden from whoever may not read the study", async () => {
    const { data, errors } = await world.query(
      DOCUMENT,
      { input: { studyKey: "glioma", endpoint: "os" } },
      { name: "stranger", grants: [] },
    );
    expect([data, errors?.[0]?.code]).toEqual([null, "FORBIDDEN"]);
  });

  it("are refused when there are too many to show", async () => {
    const many = Array.from({ length: 150 }, (_, i): Row => ({ survival: [i, true], values: { site: `S${i}` } }));
    await study("sites", many, { site: "CATEGORY" });
    expect(await codes({ studyKey: "sites", groupBy: { attribute: { key: "site" } } })).toEqual(["LIMIT_EXCEEDED"]);
    const { data, errors } = await answer({ studyKey: "sites", cox: { terms: ["site"] } });
    expect(data?.survival.groups).toHaveLength(1);
    expect(errors?.map(({ code }) => code)).toEqual(["LIMIT_EXCEEDED"]);
  });
});

describe("many patients", () => {
  const COUNT = 30_000;
  beforeAll(async () => {
    await study("many", [], { age: "NUMBER", arm: "CATEGORY" });
    await world.app.database.query(
      `INSERT INTO patient (study_id, key, clinical, survival)
       SELECT study.id, 'M' || i, jsonb_build_object('age', 20 + (i::bigint * 7919) % 60, 'arm', (ARRAY['a', 'b'])[1 + i % 2]),
         jsonb_build_object('os', jsonb_build_array(1 + (i::bigint * 104729) % 100003, (i * 31) % 5 > 1))
       FROM study, generate_series(1, ${COUNT}) AS i WHERE study.key = 'many'`,
    );
  });

  it("hold up nobody else, and their curves are thinned to what shows", async () => {
    let longest = 0;
    let last = performance.now();
    const clock = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    const began = performance.now();
    const { groups, logRank, cox } = await analyse({
      studyKey: "many",
      groupBy: { attribute: { key: "arm" } },
      cox: { terms: ["age", "arm"] },
    });
    const tookMs = performance.now() - began;
    clearInterval(clock);
    console.log(`${COUNT} patients: ${tookMs.toFixed(0)} ms, the longest turn ${longest.toFixed(0)} ms`);
    // Computed in the main thread, it would be one turn of many hundred milliseconds.
    expect(longest).toBeLessThan(250);
    expect([logRank?.degreesOfFreedom, cox?.patients]).toEqual([1, COUNT]);
    for (const { curve, events, patients } of groups) {
      expect(patients).toBe(COUNT / 2);
      expect(curve.length).toBeLessThan(3000);
      expect(curve.reduce((sum, point) => sum + point.events, 0)).toBe(events);
    }
  });
});
