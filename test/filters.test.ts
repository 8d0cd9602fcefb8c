import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PatientFilter, Predicate, SlideFilter } from "../src/modules/base/filters.ts";
import { encodeId } from "../src/platform/ids.ts";
import { storeStudy, type TestAttribute, type TestPatient, type TestSlide, type Values } from "./support/clinical.ts";
import { createWorld, type World } from "./support/world.ts";

const ATTRIBUTES: TestAttribute[] = [
  { key: "age_years", type: "NUMBER" },
  { key: "grade", type: "CATEGORY" },
  { key: "idh_mutant", type: "BOOLEAN" },
  { key: "note", type: "TEXT" },
  { key: 'it\'s "odd" $1', type: "NUMBER" },
  { key: "block", type: "CATEGORY", level: "SLIDE" },
  { key: "thickness", type: "NUMBER", level: "SLIDE" },
];

const clinical = fc.record(
  {
    age_years: fc.constantFrom(-1.5, 0, 9, 10, 41.25, 100, 1e21, 0.1),
    grade: fc.constantFrom("G2", "G3", "G4", "Ä", "a", "B", "'; --"),
    idh_mutant: fc.boolean(),
    note: fc.constantFrom("", "Left temporal", "left_frontal", "100%", "ÉTÉ"),
    'it\'s "odd" $1': fc.constantFrom(1, 2),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Values>;

const slideClinical = fc.record(
  { block: fc.constantFrom("A", "B"), thickness: fc.constantFrom(3, 4.5) },
  { requiredKeys: [] },
) as fc.Arbitrary<Values>;

/** 60 patients with 0 to 2 slides; the same ones in every run. */
const PATIENTS: TestPatient[] = fc
  .sample(
    fc.record({
      clinical,
      slides: fc.array(
        fc.record({
          stain: fc.constantFrom("HE" as const, "IHC" as const, "UNKNOWN" as const),
          clinical: slideClinical,
        }),
        { maxLength: 2 },
      ),
    }),
    { seed: 7, numRuns: 60 },
  )
  .map(({ clinical: values, slides }, index) => {
    const key = `${index % 2 === 0 ? "P" : "p"}-${index}`;
    return {
      key,
      clinical: values,
      slides: slides.map((slide, place) => ({ ...slide, key: `${key}-s${place}` })),
    };
  });

/** What a filter says, without SQL. Of a missing value only `isMissing` is true. */
const holds = ({ attribute, test }: Predicate, values: Values): boolean => {
  const value = values[attribute];
  if (test.isMissing != null) return (value === undefined) === test.isMissing;
  if (value === undefined) return false;
  if (test.category) return test.category.includes(String(value));
  if (test.boolean != null) return value === test.boolean;
  if (test.textContains != null) return String(value).toLowerCase().includes(test.textContains.toLowerCase());
  const { equals, gt, gte, lt, lte } = test.number ?? {};
  const number = Number(value);
  return (
    (equals == null || number === equals) &&
    (gt == null || number > gt) &&
    (gte == null || number >= gte) &&
    (lt == null || number < lt) &&
    (lte == null || number <= lte)
  );
};

const patientPasses = (filter: PatientFilter, patient: TestPatient): boolean =>
  (!filter.ids || filter.ids.includes(encodeId("Patient", "glioma", patient.key))) &&
  (!filter.keys || filter.keys.includes(patient.key)) &&
  (filter.clinical ?? []).every((predicate) => holds(predicate, patient.clinical)) &&
  (!filter.slides || patient.slides.some((slide) => slidePasses(filter.slides ?? {}, slide, patient))) &&
  (filter.and ?? []).every((part) => patientPasses(part, patient)) &&
  (!filter.or || filter.or.some((part) => patientPasses(part, patient))) &&
  (!filter.not || !patientPasses(filter.not, patient));

const slidePasses = (filter: SlideFilter, slide: TestSlide, patient: TestPatient): boolean =>
  (!filter.keys || filter.keys.includes(slide.key)) &&
  (!filter.stains || filter.stains.includes(slide.stain)) &&
  (filter.clinical ?? []).every((predicate) => holds(predicate, slide.clinical)) &&
  (!filter.patients || patientPasses(filter.patients, patient)) &&
  (filter.and ?? []).every((part) => slidePasses(part, slide, patient)) &&
  (!filter.or || filter.or.some((part) => slidePasses(part, slide, patient))) &&
  (!filter.not || !slidePasses(filter.not, slide, patient));

const bound = fc.constantFrom(-1.5, 0, 0.1, 9, 10, 41.25, 100, 1e21);
const bounded = fc.oneof(
  fc.tuple(fc.constantFrom("gt", "gte", "lt", "lte", "equals"), bound).map(([name, value]) => ({ [name]: value })),
  fc.record({ gte: fc.constantFrom(-1.5, 0.1, 9), lt: fc.constantFrom(10, 100, 1e21) }),
  fc.record({ gt: fc.constantFrom(-1.5, 0.1, 9), lte: fc.constantFrom(10, 100, 1e21) }),
);

const predicate = (attributes: fc.Arbitrary<[string, fc.Arbitrary<Predicate["test"]>]>): fc.Arbitrary<Predicate> =>
  attributes.chain(([attribute, test]) =>
    fc
      .oneof(
        { weight: 4, arbitrary: test },
        fc.boolean().map((isMissing) => ({ isMissing })),
      )
      .map((chosen) => ({ attribute, test: chosen })),
  );

const numberTest = bounded.map((range) => ({ number: range }));
const categoryTest = fc
  .array(fc.constantFrom("G2", "G4", "Ä", "'; --", "nobody", "A", "a"), { maxLength: 4 })
  .map((category) => ({ category }));

const patientPredicate = predicate(
  fc.constantFrom<[string, fc.Arbitrary<Predicate["test"]>]>(
    ["age_years", numberTest],
    ['it\'s "odd" $1', numberTest],
    ["grade", categoryTest],
    ["idh_mutant", fc.boolean().map((boolean) => ({ boolean }))],
    ["note", fc.constantFrom("LEFT", "%", "_", "", "\\").map((textContains) => ({ textContains }))],
  ),
);
const slidePredicate = predicate(
  fc.constantFrom<[string, fc.Arbitrary<Predicate["test"]>]>(["block", categoryTest], ["thickness", numberTest]),
);

const some = <Value>(values: readonly Value[]) => fc.subarray([...values], { minLength: 0 });

/** Filters of one or two parts with so many levels inside of them: more parts at once would hold for nobody. */
const patientFilters = (levels: number): fc.Arbitrary<PatientFilter> => {
  const keys = some(PATIENTS.map(({ key }) => key));
  const leaf = fc.oneof(
    { weight: 6, arbitrary: patientPredicate.map((one) => ({ clinical: [one] })) },
    { weight: 2, arbitrary: fc.tuple(patientPredicate, patientPredicate).map((two) => ({ clinical: two })) },
    keys.map((chosen) => ({ keys: chosen })),
    keys.map((chosen) => ({ ids: chosen.map((key) => encodeId("Patient", "glioma", key)) })),
    fc.constant({}),
  );
  if (levels === 0) return leaf;
  const inner = patientFilters(levels - 1);
  const nested = fc.oneof(
    { weight: 2, arbitrary: inner.map((not) => ({ not })) },
    { weight: 2, arbitrary: fc.array(inner, { maxLength: 3 }).map((or) => ({ or })) },
    fc.array(inner, { maxLength: 2 }).map((and) => ({ and })),
    { weight: 2, arbitrary: slideFilters(levels - 1).map((slides) => ({ slides })) },
    fc.tuple(leaf, inner).map(([beside, not]) => ({ ...beside, not })),
  );
  return fc.oneof(leaf, { weight: 4, arbitrary: nested });
};

const slideFilters = (levels: number): fc.Arbitrary<SlideFilter> => {
  const leaf = fc.oneof(
    { weight: 4, arbitrary: slidePredicate.map((one) => ({ clinical: [one] })) },
    some(["HE" as const, "IHC" as const]).map((stains) => ({ stains })),
    some(PATIENTS.flatMap(({ slides }) => slides.map(({ key }) => key))).map((keys) => ({ keys })),
  );
  if (levels === 0) return leaf;
  const inner = slideFilters(levels - 1);
  const nested = fc.oneof(
    { weight: 2, arbitrary: inner.map((not) => ({ not })) },
    fc.array(inner, { maxLength: 3 }).map((or) => ({ or })),
    fc.array(inner, { maxLength: 2 }).map((and) => ({ and })),
    { weight: 2, arbitrary: patientFilters(levels - 1).map((patients) => ({ patients })) },
  );
  return fc.oneof(leaf, { weight: 4, arbitrary: nested });
};

const patientFilter = patientFilters(3);
const slideFilter = slideFilters(3);

let world: World;
beforeAll(async () => {
  world = await createWorld({ work: false });
  await storeStudy(world, "glioma", ATTRIBUTES, PATIENTS);
  await storeStudy(
    world,
    "other",
    [{ key: "age_years", type: "CATEGORY" }],
    [{ key: "P-0", clinical: { age_years: "old" }, slides: [] }],
  );
});
afterAll(() => world.close());

type Page = { totalCount: number; nodes: { key: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } };

const PATIENTS_OF =
  "query($filter: PatientFilter!, $orderBy: [Order!], $first: Int, $after: String) { patients(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { totalCount nodes { key } pageInfo { endCursor hasNextPage } } }";
const SLIDES_OF =
  "query($filter: SlideFilter!, $orderBy: [Order!], $first: Int, $after: String) { slides(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { totalCount nodes { key } pageInfo { endCursor hasNextPage } } }";

const patientsOf = async (filter: PatientFilter): Promise<string[]> => {
  const { patients } = await world.ask<{ patients: Page }>(PATIENTS_OF, {
    filter: { studyKey: "glioma", ...filter },
    first: 200,
  });
  expect(patients.totalCount).toBe(patients.nodes.length);
  return patients.nodes.map(({ key }) => key);
};

const slidesOf = async (filter: SlideFilter): Promise<string[]> => {
  const { slides } = await world.ask<{ slides: Page }>(SLIDES_OF, {
    filter: { studyKey: "glioma", ...filter },
    first: 200,
  });
  expect(slides.totalCount).toBe(slides.nodes.length);
  return slides.nodes.map(({ key }) => key);
};

/** By code point, as keys sort. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const keysOf = (things: readonly { key: string }[]): string[] => things.map(({ key }) => key).sort(byCodePoint);

describe("filters", () => {
  it("select exactly the patients for whom they hold", async () => {
    let telling = 0;
    await fc.assert(
      fc.asyncProperty(patientFilter, async (filter) => {
        const expected = keysOf(PATIENTS.filter((patient) => patientPasses(filter, patient)));
        if (expected.length > 0 && expected.length < PATIENTS.length) telling += 1;
        expect(await patientsOf(filter)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
    // A filter that holds for everybody or nobody would pass even where it is taken for another one.
    expect(telling).toBeGreaterThan(100);
  });

  it("select exactly the slides for which they hold", async () => {
    const slides = PATIENTS.flatMap((patient) => patient.slides.map((slide) => ({ slide, patient })));
    await fc.assert(
      fc.asyncProperty(slideFilter, async (filter) => {
        expect(await slidesOf(filter)).toEqual(
          keysOf(slides.filter(({ slide, patient }) => slidePasses(filter, slide, patient)).map(({ slide }) => slide)),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("and their complement share no patient and lose none", async () => {
    await fc.assert(
      fc.asyncProperty(patientFilter, async (filter) => {
        const [inside, outside] = [await patientsOf(filter), await patientsOf({ not: filter })];
        expect([...inside, ...outside].sort(byCodePoint)).toEqual(keysOf(PATIENTS));
      }),
      { numRuns: 50 },
    );
  });

  it("with an empty list match nothing", async () => {
    expect(await patientsOf({ keys: [] })).toEqual([]);
    expect(await patientsOf({ ids: [] })).toEqual([]);
    expect(await patientsOf({ or: [] })).toEqual([]);
    expect(await patientsOf({ clinical: [{ attribute: "grade", test: { category: [] } }] })).toEqual([]);
    expect(await slidesOf({ stains: [] })).toEqual([]);
    expect(await patientsOf({ and: [] })).toHaveLength(PATIENTS.length);
  });

  it("take text as it is: nothing in it is SQL or a pattern, and a zero character matches nothing", async () => {
    expect(await patientsOf({ keys: ["P-0' OR true --", "P-0\0"] })).toEqual([]);
    expect(await patientsOf({ clinical: [{ attribute: "note", test: { textContains: "\0" } }] })).toEqual([]);
    expect(await patientsOf({ clinical: [{ attribute: "note", test: { textContains: "0%" } }] })).toEqual(
      keysOf(PATIENTS.filter(({ clinical: { note } }) => note === "100%")),
    );
  });
});

describe("orderings", () => {
  const compare = (a: Values[string] | undefined, b: Values[string] | undefined, direction: "ASC" | "DESC"): number => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    const order = typeof a === "string" ? byCodePoint(a, String(b)) : Number(a) - Number(b);
    return direction === "ASC" ? order : -order;
  };

  const order = fc.record({
    by: fc.constantFrom("key", ...ATTRIBUTES.filter(({ level }) => level !== "SLIDE").map(({ key }) => key)),
    direction: fc.constantFrom("ASC" as const, "DESC" as const),
  });

  it("walk every page to exactly the sorted list, each patient once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { minLength: 0, maxLength: 3 }),
        fc.oneof(fc.constant<PatientFilter>({}), patientFilters(1)),
        fc.constantFrom(1, 7, 20),
        async (orderBy, filter, first) => {
          const expected = PATIENTS.filter((patient) => patientPasses(filter, patient))
            .toSorted((a, b) => {
              for (const { by, direction } of orderBy) {
                const difference =
                  by === "key" ? compare(a.key, b.key, direction) : compare(a.clinical[by], b.clinical[by], direction);
                if (difference !== 0) return difference;
              }
              return byCodePoint(a.key, b.key);
            })
            .map(({ key }) => key);
          const walked: string[] = [];
          for (let after: string | undefined; ; ) {
            const { patients } = await world.ask<{ patients: Page }>(PATIENTS_OF, {
              filter: { studyKey: "glioma", ...filter },
              orderBy,
              first,
              after,
            });
            walked.push(...patients.nodes.map(({ key }) => key));
            expect(patients.totalCount).toBe(expected.length);
            if (!patients.pageInfo.hasNextPage) break;
            after = patients.pageInfo.endCursor;
          }
          expect(walked).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("of slides go by slides' attributes", async () => {
    const { slides } = await world.ask<{ slides: Page }>(SLIDES_OF, {
      filter: { studyKey: "glioma" },
      orderBy: [{ by: "thickness", direction: "DESC" }],
      first: 200,
    });
    const all = PATIENTS.flatMap((patient) => patient.slides);
    expect(slides.nodes.map(({ key }) => key)).toEqual(
      all
        .toSorted((a, b) => compare(a.clinical.thickness, b.clinical.thickness, "DESC") || byCodePoint(a.key, b.key))
        .map(({ key }) => key),
    );
  });
});

describe("what is refused", () => {
  const refused = async (filter: PatientFilter, extra: Record<string, unknown> = {}) => {
    const { data, errors } = await world.query(PATIENTS_OF, { filter: { studyKey: "glioma", ...filter }, ...extra });
    expect(data).toBeNull();
    return errors?.[0];
  };
  const where = (attribute: string, test: Predicate["test"]): PatientFilter => ({ clinical: [{ attribute, test }] });

  it("is a predicate of another type, naming both types", async () => {
    expect(await refused(where("age_years", { category: ["old"] }))).toMatchObject({
      code: "TYPE_MISMATCH",
      message: "Attribute age_years is a NUMBER; it was asked as category.",
      fix: 'Ask {attribute: "age_years", test: {number: {gte: …}}}.',
    });
    for (const [attribute, test] of [
      ["grade", { number: { gt: 1 } }],
      ["idh_mutant", { category: ["true"] }],
      ["note", { boolean: true }],
      ["grade", { textContains: "G" }],
    ] as const) {
      expect(await refused(where(attribute, test))).toMatchObject({ code: "TYPE_MISMATCH" });
    }
  });

  it("is an unknown attribute, with those that look like it", async () => {
    expect(await refused(where("age_yaers", { number: { gt: 1 } }))).toMatchObject({
      code: "COLUMN_UNKNOWN",
      fix: expect.stringContaining('"age_years"'),
    });
    expect(await refused({}, { orderBy: [{ by: "aeg_years", direction: "ASC" }] })).toMatchObject({
      code: "COLUMN_UNKNOWN",
      fix: expect.stringContaining('"age_years"'),
    });
  });

  it("is an attribute of slides where patients are asked, and the other way round", async () => {
    expect(await refused(where("block", { category: ["A"] }))).toMatchObject({
      code: "COLUMN_UNKNOWN",
      fix: expect.stringContaining("slides: {clinical"),
    });
    const { errors } = await world.query(SLIDES_OF, {
      filter: { studyKey: "glioma", clinical: [{ attribute: "grade", test: { category: ["G2"] } }] },
    });
    expect(errors).toMatchObject([{ code: "COLUMN_UNKNOWN", fix: expect.stringContaining("patients: {clinical") }]);
  });

  it("is whatever crosses studies", async () => {
    for (const filter of [
      { and: [{ studyKey: "other" }] },
      { ids: [encodeId("Patient", "other", "P-0")] },
      { cohort: encodeId("Cohort", "other", "all") },
      { slides: { hasFeatureSet: encodeId("FeatureSet", "other", "cnn") } },
    ]) {
      expect(await refused(filter)).toMatchObject({ code: "BAD_ARGUMENT" });
    }
    const { patients } = await world.ask<{ patients: Page }>(PATIENTS_OF, {
      filter: { studyKey: "other", clinical: [{ attribute: "age_years", test: { category: ["old"] } }] },
    });
    expect(patients.nodes).toEqual([{ key: "P-0" }]);
  });

  it("is what does not exist", async () => {
    expect(await refused({ cohort: encodeId("Cohort", "glioma", "nobody") })).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused({ slides: { hasFeatureSet: encodeId("FeatureSet", "glioma", "no") } })).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await refused({ studyKey: "nowhere" })).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused({ ids: ["nonsense"] })).toMatchObject({ code: "NOT_FOUND" });
  });

  it("is a range without bounds", async () => {
    expect(await refused(where("age_years", { number: {} }))).toMatchObject({ code: "BAD_ARGUMENT" });
  });

  it("is a filter nested 50 deep, or of more than 500 parts", async () => {
    const deep = (levels: number, by: "not" | "and"): PatientFilter =>
      Array.from({ length: levels }).reduce<PatientFilter>(
        (inner) => (by === "not" ? { not: inner } : { and: [inner] }),
        {},
      );
    expect(await refused(deep(50, "not"))).toMatchObject({ code: "LIMIT_EXCEEDED", fix: expect.any(String) });
    expect(await refused(deep(50, "and"))).toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(await patientsOf(deep(10, "not"))).toHaveLength(PATIENTS.length);
    expect(await refused({ or: Array.from({ length: 600 }, () => ({ keys: ["P-0"] })) })).toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("is a cursor of another ordering, or of nobody's", async () => {
    const { patients } = await world.ask<{ patients: Page }>(PATIENTS_OF, {
      filter: { studyKey: "glioma" },
      orderBy: [{ by: "age_years" }],
      first: 1,
    });
    const foreign = [
      patients.pageInfo.endCursor,
      "nonsense",
      ...[[], ["[]"], ["[]", null], ["[]", 7], ["[]", "a\0"], ["[]", "a", "b"]].map((value) =>
        Buffer.from(JSON.stringify(value)).toString("base64url"),
      ),
    ];
    for (const after of foreign) expect(await refused({}, { after })).toMatchObject({ code: "BAD_ARGUMENT" });
    const forged = Buffer.from(JSON.stringify(['[["age_years","ASC"]]', "{", "P-0"])).toString("base64url");
    expect(await refused({}, { orderBy: [{ by: "age_years" }], after: forged })).toMatchObject({
      code: "BAD_ARGUMENT",
    });
  });
});
