import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_VIEWER } from "../src/platform/authorisation.ts";
import { encodeId } from "../src/platform/ids.ts";
import { compareCategories, compareNumbers } from "../src/statistics/index.ts";
import { storeStudy, type TestPatient } from "./support/clinical.ts";
import { createWorld, type World } from "./support/world.ts";

/** 40 patients; every fifth without an age, grades G2 to G4 in turn. */
const PATIENTS: TestPatient[] = Array.from({ length: 40 }, (_, index) => ({
  key: `P-${String(index).padStart(2, "0")}`,
  clinical: {
    ...(index % 5 === 0 ? {} : { age_years: 30 + index }),
    grade: `G${2 + (index % 3)}`,
    idh_mutant: index < 24,
    remark: `seen ${index}`,
  },
  slides: index % 4 === 0 ? [{ key: `S-${index}`, stain: "HE" as const, clinical: { thickness: index % 8 } }] : [],
}));

const ATTRIBUTES = [
  { key: "age_years", type: "NUMBER" },
  { key: "grade", type: "CATEGORY" },
  { key: "idh_mutant", type: "BOOLEAN" },
  { key: "remark", type: "TEXT" },
  { key: "thickness", type: "NUMBER", level: "SLIDE" },
] as const;

let world: World;
beforeAll(async () => {
  world = await createWorld({ work: false });
  await storeStudy(world, "glioma", ATTRIBUTES, PATIENTS);
  await storeStudy(world, "other", [], []);
});
afterAll(() => world.close());

const SAVE =
  "mutation($input: SaveCohortInput!) { saveCohort(input: $input) { cohort { id key name isFrozen filter createdAt patients(first: 200) { totalCount nodes { key } } slides(first: 200) { totalCount nodes { key } } } errors { code message path fix } } }";

type Saved = {
  cohort: {
    id: string;
    key: string;
    isFrozen: boolean;
    createdAt: string;
    filter: unknown;
    patients: { totalCount: number; nodes: { key: string }[] };
    slides: { totalCount: number; nodes: { key: string }[] };
  } | null;
  errors: { code: string; message: string; path: string[]; fix: string }[];
};

const save = async (key: string, patients: object, more: object = {}): Promise<Saved> => {
  const input = { studyKey: "glioma", key, name: key, patients, ...more };
  const { saveCohort } = await world.ask<{ saveCohort: Saved }>(SAVE, { input });
  return saveCohort;
};

const is = (attribute: string, test: object) => ({ clinical: [{ attribute, test }] });
const grade = (...category: string[]) => is("grade", { category });
const keys = (saved: Saved) => saved.cohort?.patients.nodes.map(({ key }) => key);
const keysWhere = (holds: (patient: TestPatient) => boolean) => PATIENTS.filter(holds).map(({ key }) => key);
const cohort = (key: string) => ({ cohort: encodeId("Cohort", "glioma", key) });

const addPatient = (key: string, clinical: object) =>
  world.app.database.query(
    "INSERT INTO patient (study_id, key, clinical) SELECT id, $1, $2 FROM study WHERE key = 'glioma'",
    [key, clinical],
  );
const removePatient = (key: string) => world.app.database.query("DELETE FROM patient WHERE key = $1", [key]);

describe("saveCohort", () => {
  it("saves a live cohort, which follows its filter, and a frozen one, which does not", async () => {
    const live = await save("g2-live", grade("G2"));
    const frozen = await save("g2-frozen", grade("G2"), { freeze: true });
    expect(live.errors).toEqual([]);
    const expected = keysWhere(({ clinical }) => clinical.grade === "G2");
    expect(keys(live)).toEqual(expected);
    expect(keys(frozen)).toEqual(expected);
    expect(live.cohort).toMatchObject({ isFrozen: false, filter: grade("G2") });
    expect(live.cohort?.slides.nodes).toEqual(
      PATIENTS.filter(({ clinical }) => clinical.grade === "G2")
        .flatMap(({ slides }) => slides.map(({ key }) => ({ key })))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    await addPatient("Q-new", { grade: "G2" });
    const after = await world.ask<Record<"live" | "frozen", { patients: { totalCount: number } }>>(
      '{ live: cohort(studyKey: "glioma", key: "g2-live") { patients { totalCount } } frozen: cohort(studyKey: "glioma", key: "g2-frozen") { patients { totalCount } } }',
    );
    await removePatient("Q-new");
    expect(after.live.patients.totalCount).toBe(expected.length + 1);
    expect(after.frozen.patients.totalCount).toBe(expected.length);
  });

  it("composes cohorts with set operations", async () => {
    await save("mutant", is("idh_mutant", { boolean: true }));
    await save("g3", grade("G3"), { freeze: true });
    const both = await save("both", { and: [cohort("mutant"), { not: cohort("g3") }] });
    expect(keys(both)).toEqual(keysWhere(({ clinical }) => clinical.idh_mutant === true && clinical.grade !== "G3"));
    const either = await save("either", { or: [cohort("both"), cohort("g3")] });
    expect(keys(either)).toEqual(keysWhere(({ clinical }) => clinical.idh_mutant === true || clinical.grade === "G3"));
  });

  it("with a known key replaces the cohort, and keeps when it was first saved", async () => {
    const first = await save("again", grade("G2"), { freeze: true });
    const second = await save(
      "again",
      { and: [cohort("again"), is("idh_mutant", { boolean: true })] },
      { freeze: true },
    );
    expect(keys(second)).toEqual(keysWhere(({ clinical }) => clinical.grade === "G2" && clinical.idh_mutant === true));
    expect(second.cohort?.createdAt).toBe(first.cohort?.createdAt);
    const live = await save("again", grade("G4"));
    expect(live.cohort?.id).toBe(first.cohort?.id);
    expect(keys(live)).toEqual(keysWhere(({ clinical }) => clinical.grade === "G4"));
    const { rows } = await world.app.database.query<{ number: number }>(
      "SELECT count(*) AS number FROM cohort_patient JOIN cohort ON cohort.id = cohort_id WHERE cohort.key = 'again'",
    );
    expect(rows).toEqual([{ number: 0 }]);
  });

  it("saves an empty one", async () => {
    expect((await save("nobody", { keys: [] }, { freeze: true })).cohort?.patients.totalCount).toBe(0);
  });

  it("refuses live cohorts that lead back to themselves, directly or through others", async () => {
    await save("x", grade("G2"));
    await save("y", cohort("x"));
    for (const target of ["x", "y"]) {
      const refused = await save("x", { not: cohort(target) });
      expect(refused.cohort).toBeNull();
      expect(refused.errors).toMatchObject([{ code: "CONFLICT", fix: expect.any(String) }]);
    }
    expect(keys(await save("x", grade("G2")))).toEqual(keysWhere(({ clinical }) => clinical.grade === "G2"));
  });

  it("refuses what no cohort can be, saving nothing", async () => {
    const codeOf = async (key: string, patients: object, more: object = {}) =>
      (await save(key, patients, more)).errors.map(({ code, path }) => [code, ...path]);
    expect(await codeOf("a b", {})).toEqual([["BAD_ARGUMENT", "key"]]);
    expect(await codeOf("nameless", {}, { name: "  " })).toEqual([["BAD_ARGUMENT", "name"]]);
    expect(await codeOf("foreign", { studyKey: "other" })).toEqual([["BAD_ARGUMENT", "patients", "studyKey"]]);
    expect(await codeOf("mistyped", is("grade", { number: { gt: 1 } }))).toEqual([
      ["TYPE_MISMATCH", "patients", "clinical", "0", "test", "number"],
    ]);
    expect(await codeOf("lost", cohort("never-saved"))).toEqual([["NOT_FOUND", "patients", "cohort"]]);
    expect(await codeOf("nowhere", {}, { studyKey: "nowhere" })).toEqual([["NOT_FOUND", "studyKey"]]);
    const { rows } = await world.app.database.query(
      "SELECT key FROM cohort WHERE key IN ('a b', 'nameless', 'foreign', 'mistyped', 'lost', 'nowhere')",
    );
    expect(rows).toEqual([]);
  });

  it("is for editors", async () => {
    const viewer = { ...LOCAL_VIEWER, grants: [{ studyKey: "glioma", role: "READER" as const }] };
    const { errors } = await world.query(
      SAVE,
      { input: { studyKey: "glioma", key: "r", name: "r", patients: {} } },
      viewer,
    );
    expect(errors).toMatchObject([{ code: "FORBIDDEN" }]);
  });

  it("lists the study's cohorts by key", async () => {
    const { study } = await world.ask<{ study: { cohorts: { key: string; study: { key: string } }[] } }>(
      '{ study(key: "glioma") { cohorts { key study { key } } } }',
    );
    const listed = study.cohorts.map(({ key }) => key);
    expect(listed).toEqual([...listed].sort());
    expect(study.cohorts.every(({ study: { key } }) => key === "glioma")).toBe(true);
  });
});

describe("facets", () => {
  const FACETS =
    "query($filter: PatientFilter!, $attributes: [String!]!) { facets(filter: $filter, attributes: $attributes) { attribute { key type } missing categories { value count } histogram { from to count } minimum median maximum } }";
  type Facet = {
    attribute: { key: string };
    missing: number;
    categories: { value: string; count: number }[] | null;
    histogram: { from: number; to: number; count: number }[] | null;
    minimum: number | null;
    median: number | null;
    maximum: number | null;
  };
  const facetsOf = async (filter: object, attributes: string[]) =>
    (await world.ask<{ facets: Facet[] }>(FACETS, { filter: { studyKey: "glioma", ...filter }, attributes })).facets;

  it("count values, ranges and what is missing", async () => {
    const [age, byGrade, idh, remark] = await facetsOf({}, ["age_years", "grade", "idh_mutant", "remark"]);
    const ages = PATIENTS.flatMap(({ clinical }) =>
      clinical.age_years === undefined ? [] : [Number(clinical.age_years)],
    );
    expect(age).toMatchObject({ missing: 8, minimum: 31, maximum: 69, median: 50, categories: null });
    expect(age?.histogram).toHaveLength(20);
    for (const [index, { from, to, count }] of (age?.histogram ?? []).entries()) {
      const isLast = index === 19;
      expect(count).toBe(ages.filter((value) => value >= from && (isLast ? value <= to : value < to)).length);
    }
    expect(byGrade).toMatchObject({
      missing: 0,
      histogram: null,
      median: null,
      categories: [
        { value: "G2", count: 14 },
        { value: "G3", count: 13 },
        { value: "G4", count: 13 },
      ],
    });
    expect(idh?.categories).toEqual([
      { value: "true", count: 24 },
      { value: "false", count: 16 },
    ]);
    expect(remark).toMatchObject({ missing: 0, categories: null, histogram: null });
  });

  it("of an attribute of slides count the slides of the patients", async () => {
    const [thickness] = await facetsOf({ keys: ["P-00", "P-01", "P-04"] }, ["thickness"]);
    expect(thickness).toMatchObject({ missing: 0, minimum: 0, median: 2, maximum: 4 });
    const [again, age] = await facetsOf({ keys: ["P-00"] }, ["thickness", "age_years"]);
    expect(again?.histogram).toEqual([{ from: 0, to: 0, count: 1 }]);
    expect(age).toMatchObject({ missing: 1, histogram: [], minimum: null, median: null, maximum: null });
  });

  it("of nobody, of nothing, of what is unknown and of too much", async () => {
    expect(await facetsOf({ keys: [] }, ["grade"])).toMatchObject([{ missing: 0, categories: [] }]);
    expect(await facetsOf({}, [])).toEqual([]);
    const codes = async (attributes: string[]) =>
      (await world.query(FACETS, { filter: { studyKey: "glioma" }, attributes })).errors?.map(({ code }) => code);
    expect(await codes(["grdae"])).toEqual(["COLUMN_UNKNOWN"]);
    expect(await codes(Array.from({ length: 21 }, () => "grade"))).toEqual(["LIMIT_EXCEEDED"]);
  });

  it("of a cohort are those of its patients", async () => {
    await save("facetted", grade("G3"));
    const { cohort: found } = await world.ask<{ cohort: { facets: Facet[] } }>(
      '{ cohort(studyKey: "glioma", key: "facetted") { facets(attributes: ["grade"]) { missing categories { value count } } } }',
    );
    expect(found.facets).toEqual([{ missing: 0, categories: [{ value: "G3", count: 13 }] }]);
  });
});

describe("compareCohorts", () => {
  const COMPARE =
    "query($input: CompareCohortsInput!) { compareCohorts(input: $input) { rows { name a b test statistic pValue qValue } } }";
  type Row = { name: string; a: object; b: object; test: string; statistic: number; pValue: number; qValue: number };
  const compare = async (a: string, b: string, attributes?: string[]) => {
    const input = { a: encodeId("Cohort", "glioma", a), b: encodeId("Cohort", "glioma", b), attributes };
    return (await world.ask<{ compareCohorts: { rows: Row[] } }>(COMPARE, { input })).compareCohorts.rows;
  };

  it("is a table one: patients, then each attribute with the test that suits it", async () => {
    await save("mutant", is("idh_mutant", { boolean: true }));
    await save("wildtype", { not: cohort("mutant") });
    const rows = await compare("mutant", "wildtype");
    expect(rows.map(({ name, test }) => [name, test])).toEqual([
      ["patients", "none"],
      ["age_years", "Mann–Whitney U"],
      ["grade", "chi-square"],
      ["idh_mutant", "chi-square"],
    ]);
    const [patients, age, byGrade] = rows;
    expect(patients).toMatchObject({ a: { n: 24 }, b: { n: 16 }, pValue: null, qValue: null });
    const groups = [true, false].map((isMutant) => PATIENTS.filter(({ clinical }) => clinical.idh_mutant === isMutant));
    const ages = groups.map((group) =>
      group.flatMap(({ clinical }) => (clinical.age_years ? [Number(clinical.age_years)] : [])),
    );
    const expected = compareNumbers(ages);
    expect(age?.statistic).toBeCloseTo(expected.statistic, 10);
    expect(age?.pValue).toBeCloseTo(expected.pValue, 12);
    expect(age?.a).toMatchObject({
      n: 19,
      missing: 5,
      mean: (ages[0] ?? []).reduce((sum, value) => sum + value, 0) / 19,
    });
    const table = groups.map((group) =>
      ["G2", "G3", "G4"].map((value) => group.filter(({ clinical }) => clinical.grade === value).length),
    );
    expect(byGrade?.pValue).toBeCloseTo(compareCategories(table).pValue, 12);
    expect(byGrade?.a).toEqual({ n: 24, missing: 0, counts: { G2: 8, G3: 8, G4: 8 } });
    for (const { pValue, qValue } of rows.slice(1)) expect(qValue).toBeGreaterThanOrEqual(pValue);
  });

  it("tests nothing where there is too little", async () => {
    await save("nobody", { keys: [] });
    await save("somebody", { keys: ["P-01", "P-02"] });
    const rows = await compare("nobody", "somebody", ["age_years", "grade", "remark"]);
    expect(rows.map(({ test, pValue, qValue }) => [test, pValue, qValue])).toEqual(
      rows.map(() => ["none", null, null]),
    );
  });

  it("refuses cohorts that share patients, are unknown or of two studies, and attributes of slides", async () => {
    await save("left", grade("G2", "G3"));
    await save("right", grade("G3", "G4"));
    await world.ask(SAVE, { input: { studyKey: "other", key: "all", name: "all", patients: {} } });
    const refused = async (a: string, b: string, study = "glioma", attributes?: string[]) => {
      const input = { a: encodeId("Cohort", "glioma", a), b: encodeId("Cohort", study, b), attributes };
      return (await world.query(COMPARE, { input })).errors?.[0];
    };
    expect(await refused("left", "right")).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("share 13 patients"),
      fix: expect.stringContaining("not: {cohort"),
    });
    expect(await refused("left", "never-saved")).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused("left", "all", "other")).toMatchObject({ code: "BAD_ARGUMENT" });
    await save("four", grade("G4"));
    expect(await refused("left", "four", "glioma", ["thickness"])).toMatchObject({ code: "COLUMN_UNKNOWN" });
  });
});
