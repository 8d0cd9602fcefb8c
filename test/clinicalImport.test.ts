import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeXlsx } from "hucre/xlsx";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rowCounts, writingNothing } from "./support/counts.ts";
import { createWorld, type World } from "./support/world.ts";

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Attribute = {
  key: string;
  label: string | null;
  type: string;
  unit: string | null;
  level: string;
  categories: string[] | null;
  missing: number;
};
type Report = {
  created: number;
  changed: number;
  unchanged: number;
  unlinked: string[];
  conflicts: UserError[];
  attributes: Attribute[];
  errors: UserError[];
};

const IMPORT = `mutation($input: ImportClinicalInput!) { importClinical(input: $input) {
  created changed unchanged unlinked
  conflicts { code message path fix }
  attributes { key label type unit level categories missing }
  errors { code message path fix }
} }`;

const TCGA = join(import.meta.dirname, "../../shared/data/clinical/tcga_gbmlgg_clinical.csv");
const OS = { key: "os", timeColumn: "os_days", eventColumn: "dead", eventValues: ["1"] };

let world: World;
let study = "";
let studies = 0;

const load = async (input: Record<string, unknown>): Promise<Report> => {
  const { importClinical } = await world.ask<{ importClinical: Report }>(IMPORT, {
    input: { studyKey: study, patientColumn: "patient", ...input },
  });
  return importClinical;
};

const table = (...lines: string[]): string => `${lines.join("\n")}\n`;

/** What the study has stored, by key. */
const stored = async () => {
  const { rows } = await world.app.database.query<{ key: string; clinical: object; survival: object }>(
    "SELECT patient.key, clinical, survival FROM patient JOIN study ON study.id = study_id WHERE study.key = $1 ORDER BY 1",
    [study],
  );
  return Object.fromEntries(rows.map(({ key, clinical, survival }) => [key, { clinical, survival }]));
};

const storedSlides = async () => {
  const { rows } = await world.app.database.query<{ key: string; patient: string; clinical: object }>(
    `SELECT slide.key, patient.key AS patient, slide.clinical FROM slide JOIN patient ON patient.id = patient_id
     JOIN study ON study.id = slide.study_id WHERE study.key = $1 ORDER BY 1`,
    [study],
  );
  return Object.fromEntries(rows.map(({ key, patient, clinical }) => [key, { patient, clinical }]));
};

beforeAll(async () => {
  world = await createWorld({ work: false, roots: [join(import.meta.dirname, "../../shared/data/clinical")] });
});
afterAll(() => world.close());
beforeEach(async () => {
  study = `study-${++studies}`;
  await world.ask("mutation($key: String!) { createStudy(input: {key: $key, name: $key}) { study { id } } }", {
    key: study,
  });
});

describe("what a table becomes", () => {
  it("attributes of every type, survival endpoints, missing values", async () => {
    const report = await load({
      text: table(
        "patient,age,sex,is_treated,smoker,note,os_days,dead",
        "P1,61.5,f,1,yes,first visit,100,1",
        "P2,NA,m,0,no,second visit,200.5,0",
        "P3,40,f,,Unknown,,,",
      ),
      endpoints: [{ ...OS, label: "Overall survival" }],
      attributes: [
        { column: "age", unit: "years", label: "Age" },
        { column: "note", type: "TEXT" },
      ],
    });
    expect(report).toMatchObject({ created: 3, changed: 0, unchanged: 0, unlinked: [], conflicts: [], errors: [] });
    expect(report.attributes).toEqual([
      { key: "age", label: "Age", type: "NUMBER", unit: "years", level: "PATIENT", categories: null, missing: 1 },
      { key: "sex", label: null, type: "CATEGORY", unit: null, level: "PATIENT", categories: ["f", "m"], missing: 0 },
      { key: "is_treated", label: null, type: "BOOLEAN", unit: null, level: "PATIENT", categories: null, missing: 1 },
      { key: "smoker", label: null, type: "BOOLEAN", unit: null, level: "PATIENT", categories: null, missing: 1 },
      { key: "note", label: null, type: "TEXT", unit: null, level: "PATIENT", categories: null, missing: 1 },
    ]);
    expect(await stored()).toEqual({
      P1: {
        clinical: { age: 61.5, sex: "f", is_treated: true, smoker: true, note: "first visit" },
        survival: { os: [100, true] },
      },
      P2: {
        clinical: { sex: "m", is_treated: false, smoker: false, note: "second visit" },
        survival: { os: [200.5, false] },
      },
      P3: { clinical: { age: 40, sex: "f" }, survival: {} },
    });
    const graph = await world.ask<Record<string, unknown>>(
      `query($key: String!) { study(key: $key) {
        endpoints { key label patients events } attributes { key missing }
        patients { nodes { key clinical survival(endpoint: "os") { timeDays event } } } } }`,
      { key: study },
    );
    expect(graph).toMatchObject({
      study: {
        endpoints: [{ key: "os", label: "Overall survival", patients: 2, events: 1 }],
        patients: {
          nodes: [
            { key: "P1", survival: { timeDays: 100, event: true } },
            { key: "P2", survival: { timeDays: 200.5, event: false } },
            { key: "P3", survival: null },
          ],
        },
      },
    });
    const unknown = await world.query(
      'query($key: String!) { study(key: $key) { patients { nodes { survival(endpoint: "o") { event } } } } }',
      { key: study },
    );
    expect(unknown.errors?.[0]).toMatchObject({ code: "COLUMN_UNKNOWN", fix: 'It has "os".' });
  });

  it.each([
    ["event = 1", { eventValues: ["1"] }, ["1", "0"], "DAYS", 10],
    ["censorship = 0 means died", { eventValues: ["0"] }, ["0.0", "1.0"], "MONTHS", 304.375],
    ["Dead and Alive", { eventValues: ["Dead"] }, ["Dead", "Alive"], "YEARS", 3652.5],
    ["2 = dead", { eventValues: ["2"] }, ["2", "1"], "WEEKS", 70],
  ])("endpoints: %s", async (_name, { eventValues }, [event, censored], timeUnit, days) => {
    const report = await load({
      text: table("patient,time,status", `P1,10,${event}`, `P2,10,${censored}`),
      endpoints: [{ key: "pfs", timeColumn: "time", timeUnit, eventColumn: "status", eventValues }],
    });
    expect(report).toMatchObject({ created: 2, conflicts: [], errors: [] });
    expect(await stored()).toEqual({
      P1: { clinical: {}, survival: { pfs: [days, true] } },
      P2: { clinical: {}, survival: { pfs: [days, false] } },
    });
  });

  it("several slides of a patient: values at the patient, slides known by name", async () => {
    const report = await load({
      text: table("patient,slide,age", "P1,S1.svs,50", "P1,S2.svs,50", "P2,S3.svs,60"),
      slideColumn: "slide",
      slidePattern: "^(?<slide>.+)[.]svs$",
    });
    expect(report).toMatchObject({ created: 2, conflicts: [], errors: [] });
    expect(await storedSlides()).toEqual({
      S1: { patient: "P1", clinical: {} },
      S2: { patient: "P1", clinical: {} },
      S3: { patient: "P2", clinical: {} },
    });
  });

  it("values of slides at the level SLIDE, endpoints at the patient", async () => {
    const report = await load({
      text: table("patient,slide,block,os_days,dead", "P1,S1,A,5,1", "P1,S2,B,5,1"),
      slideColumn: "slide",
      level: "SLIDE",
      endpoints: [OS],
    });
    expect(report).toMatchObject({ created: 2, conflicts: [], errors: [] });
    expect(report.attributes).toMatchObject([{ key: "block", level: "SLIDE", categories: ["A", "B"], missing: 0 }]);
    expect(await storedSlides()).toEqual({
      S1: { patient: "P1", clinical: { block: "A" } },
      S2: { patient: "P1", clinical: { block: "B" } },
    });
    expect(await stored()).toEqual({ P1: { clinical: {}, survival: { os: [5, true] } } });
  });

  it("keys found in barcodes; what no pattern fits is listed", async () => {
    const report = await load({
      text: table("patient,grade", "TCGA-02-0001-01A,2", "TCGA-02-0002-01A,3", "other,4", "also other,4", "other,4"),
      patientPattern: "^(?<patient>TCGA-[^-]+-[^-]+)",
    });
    expect(report).toMatchObject({ created: 2, unlinked: ["other", "also other"], errors: [] });
    expect(Object.keys(await stored())).toEqual(["TCGA-02-0001", "TCGA-02-0002"]);
  });

  it("the TCGA glioma table with one mutation", async ({ skip }) => {
    if (!existsSync(TCGA)) skip("../shared/data/clinical/tcga_gbmlgg_clinical.csv is absent");
    const report = await load({
      path: "tcga_gbmlgg_clinical.csv",
      patientColumn: "case_id",
      slideColumn: "slide_id",
      slidePattern: "^(?<slide>.+)[.]svs$",
      endpoints: [
        { key: "os", timeColumn: "survival_months", timeUnit: "MONTHS", eventColumn: "censorship", eventValues: ["0"] },
      ],
    });
    expect(report).toMatchObject({ created: 569, changed: 0, unchanged: 0, unlinked: [], conflicts: [], errors: [] });
    expect(Object.fromEntries(report.attributes.map(({ key, type }) => [key, type]))).toMatchObject({
      age: "NUMBER",
      is_female: "BOOLEAN",
      site: "CATEGORY",
      oncotree_code: "CATEGORY",
      EGFR_cnv: "NUMBER",
      IDH1_mut: "BOOLEAN",
      TP53_mut: "BOOLEAN",
      EGFR_rnaseq: "NUMBER",
    });
    const { study: graph } = await world.ask<{ study: Record<string, unknown> }>(
      `query($key: String!) { study(key: $key) { patients { totalCount } slides { totalCount nodes { image { vendor } } }
        endpoints { patients events } } }`,
      { key: study },
    );
    const died = new Set(
      (await readFile(TCGA, "utf8"))
        .split("\r\n")
        .map((line) => line.split(","))
        .filter((cells) => cells[5] === "0.0")
        .map((cells) => cells[0]),
    );
    expect(graph).toMatchObject({
      patients: { totalCount: 569 },
      slides: { totalCount: 1011, nodes: Array.from({ length: 20 }, () => ({ image: null })) },
      endpoints: [{ patients: 569, events: died.size }],
    });
    expect(
      await load({
        path: TCGA,
        patientColumn: "case_id",
        slideColumn: "slide_id",
        slidePattern: "^(?<slide>.+)[.]svs$",
      }),
    )
      // Without endpoints their columns are attributes, which every patient then has anew.
      .toMatchObject({ created: 0, changed: 569, conflicts: [] });
  });
});

describe("importing again", () => {
  const first = table("patient,age,sex,grade", "P1,50,f,2", "P2,60,m,3", "P3,70,m,4");

  it("updates what differs, leaves what the table does not have, removes what became missing", async () => {
    await load({ text: first });
    expect(await load({ text: first })).toMatchObject({ created: 0, changed: 0, unchanged: 3 });
    const report = await load({ text: table("patient,sex,grade", "P1,f,2", "P2,f,3", "P3,,4", "P4,f,2") });
    expect(report).toMatchObject({ created: 1, changed: 2, unchanged: 1, errors: [] });
    expect(report.attributes).toMatchObject([
      { key: "sex", categories: ["f"], missing: 1 },
      { key: "grade", missing: 0 },
    ]);
    expect(await stored()).toMatchObject({
      P1: { clinical: { age: 50, sex: "f", grade: 2 } },
      P2: { clinical: { age: 60, sex: "f", grade: 3 } },
      P3: { clinical: { age: 70, grade: 4 } },
      P4: { clinical: { sex: "f", grade: 2 } },
    });
  });

  it("dryRun tells the same, and does nothing", async () => {
    const tried = await writingNothing(world.app.database, () => load({ text: first, dryRun: true }));
    expect(await stored()).toEqual({});
    expect(await load({ text: first })).toEqual(tried);
    const next = table("patient,age,sex", "P1,51,f", "P9,1,f");
    const before = await stored();
    const triedAgain = await writingNothing(world.app.database, () => load({ text: next, dryRun: true }));
    expect(triedAgain).toMatchObject({ created: 1, changed: 1, unchanged: 0 });
    expect(await stored()).toEqual(before);
    expect(await load({ text: next })).toEqual(triedAgain);
  });

  it("an endpoint that is in conflict the second time stays as it was", async () => {
    const of = (time: string) => ({ text: table("patient,os_days,dead", `P1,${time},1`), endpoints: [OS] });
    await load(of("10"));
    expect(await load(of("-3"))).toMatchObject({ changed: 0, unchanged: 1, conflicts: [{ code: "VALUE_UNPARSABLE" }] });
    expect(await stored()).toMatchObject({ P1: { survival: { os: [10, true] } } });
  });

  it("two imports at once do not lose each other's values", async () => {
    await Promise.all([
      load({ text: table("patient,age", "P1,50", "P2,60") }),
      load({ text: table("patient,sex", "P1,f", "P2,m") }),
    ]);
    expect(await stored()).toMatchObject({
      P1: { clinical: { age: 50, sex: "f" } },
      P2: { clinical: { age: 60, sex: "m" } },
    });
  });

  it("refuses another type or level, naming attribute and types", async () => {
    await load({ text: first });
    const typed = await load({ text: table("patient,age", "P1,old", "P2,young") });
    expect(typed.errors).toMatchObject([
      { code: "TYPE_MISMATCH", message: 'Attribute "age" is NUMBER in this study; the table\'s column is CATEGORY.' },
    ]);
    const told = await load({ text: first, attributes: [{ column: "sex", type: "TEXT" }] });
    expect(told.errors).toMatchObject([{ code: "TYPE_MISMATCH" }]);
    const levelled = await load({ text: table("patient,slide,age", "P1,S1,5"), level: "SLIDE", slideColumn: "slide" });
    expect(levelled.errors).toMatchObject([{ code: "CONFLICT", path: ["level"] }]);
  });
});

describe("what contradicts itself is reported and left out; the rest goes in", () => {
  it("a patient with two values", async () => {
    const report = await load({ text: table("patient,age,sex", "P1,50,f", "P1,51,f", "P2,60,m") });
    expect(report).toMatchObject({ created: 2, errors: [] });
    expect(report.conflicts).toMatchObject([
      { code: "DUPLICATE_KEY", message: 'Patient "P1" has two values of "age", the second one in row 3.' },
    ]);
    expect(await stored()).toMatchObject({ P1: { clinical: { sex: "f" } }, P2: { clinical: { age: 60, sex: "m" } } });
    expect((await stored()).P1?.clinical).not.toHaveProperty("age");
  });

  it("two patients for one slide, within the table and against the study", async () => {
    const text = (...rows: string[]) => ({ text: table("patient,slide", ...rows), slideColumn: "slide" });
    const report = await load(text("P1,S1", "P2,S1", "P2,S2"));
    expect(report.conflicts).toMatchObject([{ code: "CONFLICT", path: ["slideColumn", "row 3"] }]);
    expect(await storedSlides()).toMatchObject({ S2: { patient: "P2" } });
    const again = await load(text("P1,S2", "P1,S3"));
    expect(again.conflicts).toMatchObject([
      { code: "CONFLICT", message: 'Slide "S2" belongs to patient "P2" in this study, not to "P1".' },
    ]);
    expect(await storedSlides()).toEqual({
      S2: { patient: "P2", clinical: {} },
      S3: { patient: "P1", clinical: {} },
    });
  });

  it("times and events", async () => {
    const report = await load({
      text: table("patient,age,os_days,dead", "P1,1,-5,1", "P2,2,,1", "P3,3,5,", "P4,4,soon,0", "P5,5,7,1"),
      endpoints: [OS],
    });
    expect(report).toMatchObject({ created: 5, errors: [] });
    expect(report.conflicts.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "VALUE_UNPARSABLE Row 2, endpoint os: the time -5 is negative.",
      "VALUE_UNPARSABLE Row 3, endpoint os: there is an event or censoring, but no time.",
      "VALUE_UNPARSABLE Row 4, endpoint os: there is a time, but not how it ended.",
      'VALUE_UNPARSABLE Row 5, endpoint os: "soon" is not a time.',
    ]);
    const patients = await stored();
    expect(patients.P5).toEqual({ clinical: { age: 5 }, survival: { os: [7, true] } });
    expect(patients.P1).toEqual({ clinical: { age: 1 }, survival: {} });
  });

  it("a cell that is not a number, a row without a key", async () => {
    const report = await load({
      text: table("patient,age", "P1,12", "P2,about 40", ",7"),
      attributes: [{ column: "age", type: "NUMBER" }],
    });
    expect(report).toMatchObject({ created: 2, errors: [] });
    expect(report.conflicts).toMatchObject([
      { code: "VALUE_UNPARSABLE", message: 'Row 3, column "age": "about 40" is not a number.' },
      { code: "VALUE_UNPARSABLE", message: 'Row 4 has no key in column "patient".' },
    ]);
  });

  it("a column in which nobody has the event is told of", async () => {
    const report = await load({ text: table("patient,os_days,dead", "P1,5,0", "P2,6,0"), endpoints: [OS] });
    expect(report.conflicts).toMatchObject([{ code: "ALL_CENSORED" }]);
    expect(await stored()).toMatchObject({ P1: { survival: { os: [5, false] } } });
  });

  it("no more than 200 are listed", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `P${index},x`);
    const { conflicts } = await load({
      text: table("patient,age", ...rows),
      attributes: [{ column: "age", type: "NUMBER" }],
    });
    expect(conflicts).toHaveLength(201);
    expect(conflicts.at(-1)).toMatchObject({ code: "LIMIT_EXCEEDED", message: "100 further conflicts are not shown." });
  });
});

describe("files", () => {
  const rows = [
    ["patient", "größe", "labor"],
    ["P1", "1,5", "Köln"],
    ["P2", "2,25", "Köln"],
  ];
  const text = rows.map((row) => row.join(";")).join("\r\n");
  const expected = {
    P1: { clinical: { größe: 1.5, labor: "Köln" } },
    P2: { clinical: { größe: 2.25, labor: "Köln" } },
  };

  it.each([
    ["UTF-8 with mark", Buffer.from(`\uFEFF${text}`)],
    ["UTF-16 LE with mark", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["UTF-16 LE without mark", Buffer.from(text, "utf16le")],
    ["UTF-16 BE with mark", Buffer.from(`\uFEFF${text}`, "utf16le").swap16()],
    ["Windows-1252", Buffer.from(text, "latin1")],
  ])("%s, semicolons, decimal commas", async (name, bytes) => {
    const file = join(world.folder, `${name.replaceAll(" ", "-")}.csv`);
    await writeFile(file, bytes);
    expect(await load({ path: file })).toMatchObject({ created: 2, conflicts: [], errors: [] });
    expect(await stored()).toMatchObject(expected);
  });

  it("XLSX with numbers, dates, booleans and texts", async () => {
    const file = join(world.folder, "table.xlsx");
    const cells = [
      ["patient", "age", "seen", "is_treated", "note"],
      ["P1", 61.5, new Date(Date.UTC(2026, 10, 23)), true, 'says "no, thanks"'],
      ["P2", 3, null, false, null],
      [],
      ["P3", null, new Date(Date.UTC(2026, 10, 24)), null, "=not a formula"],
    ];
    await writeFile(file, await writeXlsx({ sheets: [{ name: "Patients", rows: cells }] }));
    expect(await load({ path: file })).toMatchObject({ created: 3, conflicts: [], errors: [] });
    expect(await stored()).toMatchObject({
      P1: { clinical: { age: 61.5, seen: "2026-11-23", is_treated: true, note: 'says "no, thanks"' } },
      P2: { clinical: { age: 3, is_treated: false } },
      P3: { clinical: { seen: "2026-11-24", note: "=not a formula" } },
    });
  });

  it("a workbook with a formula, and none at all", async () => {
    const file = join(world.folder, "formula.xlsx");
    const cells = new Map([["1,1", { value: 3, type: "formula" as const, formula: "1+2", formulaResult: 3 }]]);
    const sheet = {
      name: "a",
      rows: [
        ["patient", "age"],
        ["P1", null],
      ],
      cells,
    };
    await writeFile(file, await writeXlsx({ sheets: [sheet] }));
    const formula = await writingNothing(world.app.database, () => load({ path: file }));
    expect(formula.errors).toMatchObject([
      { code: "VALUE_UNPARSABLE", message: "Cell B2 is a formula.", path: ["B2"] },
    ]);
    await writeFile(file, (await readFile(file)).subarray(0, 300));
    expect((await load({ path: file })).errors).toMatchObject([{ code: "FORMAT_UNSUPPORTED" }]);
    await writeFile(file, Buffer.from("d0cf11e0a1b11ae1", "hex"));
    expect((await load({ path: file })).errors).toMatchObject([{ code: "FORMAT_UNSUPPORTED" }]);
  });
});

describe("a table that is refused as a whole writes nothing", () => {
  const good = table("patient,slide,age,os_days,dead", "P1,S1,50,5,1", "P2,S2,60,6,0");
  const cases: [string, Record<string, unknown>, Partial<UserError>][] = [
    ["unknown study", { studyKey: "none", text: good }, { code: "NOT_FOUND", path: ["studyKey"] }],
    ["no source", {}, { code: "BAD_ARGUMENT", path: ["text"] }],
    ["two sources", { text: good, path: "a.csv" }, { code: "BAD_ARGUMENT", path: ["text"] }],
    ["unknown column", { text: good, patientColumn: "patients" }, { code: "COLUMN_UNKNOWN", path: ["patientColumn"] }],
    [
      "unknown column of an endpoint",
      { text: good, endpoints: [{ ...OS, timeColumn: "days" }] },
      { code: "COLUMN_UNKNOWN", path: ["endpoints", "0", "timeColumn"] },
    ],
    [
      "unknown listed column",
      { text: good, attributes: [{ column: "aeg" }] },
      { code: "COLUMN_UNKNOWN", path: ["attributes", "0", "column"] },
    ],
    [
      "event values that do not occur",
      { text: good, endpoints: [{ ...OS, eventValues: ["Dead"] }] },
      { code: "BAD_ARGUMENT", path: ["endpoints", "0", "eventValues"] },
    ],
    ["no slide column", { text: good, level: "SLIDE" }, { code: "BAD_ARGUMENT", path: ["slideColumn"] }],
    [
      "a pattern without group",
      { text: good, patientPattern: "^P" },
      { code: "BAD_ARGUMENT", path: ["patientPattern"] },
    ],
    ["no pattern", { text: good, patientPattern: "(?<patient>" }, { code: "BAD_ARGUMENT", path: ["patientPattern"] }],
    ["a column twice", { text: table("patient,a,a", "P1,1,2") }, { code: "BAD_ARGUMENT" }],
    ["an attribute twice", { text: good, attributes: [{ column: "age", key: "dead" }] }, { code: "BAD_ARGUMENT" }],
    ["an endpoint's key", { text: good, endpoints: [{ ...OS, key: "o s" }] }, { code: "BAD_ARGUMENT" }],
    ["nothing at all", { text: "" }, { code: "BAD_ARGUMENT" }],
    ["a header alone", { text: "patient,age\n" }, { code: "BAD_ARGUMENT" }],
    ["a broken row", { text: table("patient,age", "P1,1,2") }, { code: "VALUE_UNPARSABLE" }],
    ["a short row", { text: table("patient,age,sex", "P1,1") }, { code: "VALUE_UNPARSABLE" }],
    ["a quote without end", { text: table("patient,age", '"P1,1') }, { code: "VALUE_UNPARSABLE" }],
    ["a formula cell", { text: table("patient,age", "P1,=1+2") }, { code: "VALUE_UNPARSABLE", path: ["B2"] }],
    ["a delimiter of two", { text: good, delimiter: "::" }, { code: "BAD_ARGUMENT", path: ["delimiter"] }],
    ["a decimal mark", { text: good, decimalMark: "'" }, { code: "BAD_ARGUMENT", path: ["decimalMark"] }],
    ["a path outside", { path: "/etc/hostname" }, { code: "FORBIDDEN", path: ["path"] }],
    ["a path to nothing", { path: "none.csv" }, { code: "FILE_NOT_FOUND", path: ["path"] }],
    ["an upload that is none", { upload: "x" }, { code: "NOT_FOUND", path: ["upload"] }],
  ];
  it.each(cases)("%s", async (_name, input, error) => {
    const report = await writingNothing(world.app.database, () => load(input));
    expect(report).toMatchObject({ created: 0, attributes: [] });
    expect(report.errors).toMatchObject([error]);
    expect(report.errors[0]?.message).not.toContain(world.folder);
  });

  it("a viewer who may only read", async () => {
    const viewer = { name: "reader", grants: [{ studyKey: study, role: "READER" as const }] };
    const before = await rowCounts(world.app.database);
    const { errors } = await world.query(
      IMPORT,
      { input: { studyKey: study, patientColumn: "patient", text: good } },
      viewer,
    );
    expect(errors).toMatchObject([{ code: "FORBIDDEN" }]);
    expect(await rowCounts(world.app.database)).toEqual(before);
  });
});

describe("bulk", () => {
  it("takes a constant number of statements a thousand patients, and never holds the event loop", async () => {
    const lines = Array.from({ length: 5000 }, (_, row) =>
      [`P${row}`, ...Array.from({ length: 30 }, (_, column) => (row * 31 + column * 7) % 97)].join(","),
    );
    const header = ["patient", ...Array.from({ length: 30 }, (_, column) => `a${column}`)].join(",");
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    world.takeStatements();
    const report = await load({ text: table(header, ...lines) });
    clearInterval(timer);
    expect(report).toMatchObject({ created: 5000, conflicts: [], errors: [] });
    expect(world.takeStatements().filter((text) => text.includes("INSERT INTO patient"))).toHaveLength(5);
    expect(longest).toBeLessThan(150);
  });
});
