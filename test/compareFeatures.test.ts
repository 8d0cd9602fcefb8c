import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../src/learning/random.ts";
import { encodeId } from "../src/platform/ids.ts";
import { benjaminiHochberg } from "../src/statistics/index.ts";
import { storeStudy, type TestPatient } from "./support/clinical.ts";
import { cloud, type Rows, storeVectorSet } from "./support/vectorSet.ts";
import { createWorld, type World } from "./support/world.ts";

/** Cohorts compared in features: two kinds of patients that differ in one of three tissues, and random halves of one kind. */

const DIMS = 10;
const random = seededRandom(5);
const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const axis = (index: number) => Array.from({ length: DIMS }, (_, i) => (i === index ? 3 : 0));

/** Patients 0 to 23 are of kind a, 24 to 43 of kind b; 44 and 45 have no vectors. */
const COUNT = 46;
const isOfA = (index: number) => index < 24;
const PATIENTS: TestPatient[] = Array.from({ length: COUNT }, (_, index) => ({
  key: `P-${String(index).padStart(2, "0")}`,
  clinical: { age: 40 + ((index * 7) % 30), kind: isOfA(index) ? "a" : "b" },
  slides: Array.from({ length: 1 + (index % 2) }, (_slide, number) => ({
    key: `S-${index}-${number}`,
    stain: "HE" as const,
    clinical: {},
  })),
}));

/** Half of each slide is tissue 0, which all have; the rest is tissue 1 in kind a and tissue 2 in kind b. */
const TISSUE_PATCHES = 6;
const rowsOf = (index: number): Rows => [
  ...cloud(normal, TISSUE_PATCHES, axis(0)),
  ...cloud(normal, TISSUE_PATCHES, axis(isOfA(index) ? 1 : 2)),
];
const SLIDES = PATIENTS.slice(0, 44).flatMap(({ slides }, index) =>
  slides.map(({ key }) => ({ slide: key, patient: index, vectors: rowsOf(index) })),
);

let world: World;
let featureSet: string;

const save = async (key: string, patients: object): Promise<string> => {
  const { saveCohort } = await world.ask<{ saveCohort: { cohort: { id: string } } }>(
    "mutation($input: SaveCohortInput!) { saveCohort(input: $input) { cohort { id } errors { code message } } }",
    { input: { studyKey: "glioma", key, name: key, patients, freeze: true } },
  );
  return saveCohort.cohort.id;
};
const saveKeys = (name: string, indexes: readonly number[]) =>
  save(name, { keys: indexes.map((index) => PATIENTS[index]?.key) });

type Typical = {
  distance: number;
  patch: { x: number; y: number; slide: { key: string; patient: { key: string } } };
}[];
type Row = { name: string; a: object; b: object; test: string; statistic: number; pValue: number; qValue: number };
type Comparison = {
  rows: Row[];
  featureDistance: number | null;
  typicalOfA: Typical | null;
  typicalOfB: Typical | null;
};

const COMPARE = `query($input: CompareCohortsInput!) { compareCohorts(input: $input) {
  rows { name a b test statistic pValue qValue } featureDistance
  typicalOfA { distance patch { x y slide { key patient { key } } } }
  typicalOfB { distance patch { x y slide { key patient { key } } } }
} }`;

const compare = async (a: string, b: string, more: object = {}): Promise<Comparison> => {
  const input = { a, b, featureSet, ...more };
  return (await world.ask<{ compareCohorts: Comparison }>(COMPARE, { input })).compareCohorts;
};
const featuresOf = ({ rows }: Comparison): Row => rows.at(-1) as Row;

let kindA: string;
let kindB: string;
beforeAll(async () => {
  world = await createWorld({ work: false });
  const attributes = [
    { key: "age", type: "NUMBER" },
    { key: "kind", type: "CATEGORY" },
  ] as const;
  await storeStudy(world, "glioma", attributes, PATIENTS);
  await storeStudy(
    world,
    "other",
    [],
    [{ key: "Q", clinical: {}, slides: [{ key: "S-Q", stain: "HE", clinical: {} }] }],
  );
  featureSet = (await storeVectorSet(world, "glioma", "cnn", SLIDES)).globalId;
  const is = (kind: string) => ({ clinical: [{ attribute: "kind", test: { category: [kind] } }] });
  kindA = await save("a", is("a"));
  kindB = await save("b", is("b"));
});
afterAll(() => world.close());

// ------------------------------------------------------------------ the definition

const unit = (row: readonly number[]): number[] => row.map((value) => value / (Math.hypot(...row) || 1));
const sum = (rows: Rows): number[] =>
  Array.from({ length: DIMS }, (_, i) => rows.reduce((all, row) => all + (row[i] as number), 0));
const patientMean = (index: number): number[] =>
  unit(sum(SLIDES.filter(({ patient }) => patient === index).flatMap(({ vectors }) => vectors.map(unit))));
const meanDistance = (a: Rows, b: Rows): number =>
  a
    .flatMap((x) => b.map((y) => Math.hypot(...x.map((value, i) => value - (y[i] as number)))))
    .reduce((all, d) => all + d, 0) /
  (a.length * b.length);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("cohorts of different tissue", () => {
  it("are as far apart as the definition says, and significantly", async () => {
    const comparison = await compare(kindA, kindB);
    const [a, b] = [range(0, 24).map(patientMean), range(24, 44).map(patientMean)];
    const between = 2 * meanDistance(a, b);
    const energy = between - meanDistance(a, a) - meanDistance(b, b);
    expect(comparison.featureDistance).toBeCloseTo(energy / between, 4);
    const row = featuresOf(comparison);
    expect(row).toMatchObject({
      name: "features",
      a: { n: 24, missing: 0, patches: 36 * 2 * TISSUE_PATCHES },
      b: { n: 20, missing: 2, patches: 30 * 2 * TISSUE_PATCHES },
      test: "energy distance, 999 permutations of patients",
      pValue: 0.001,
    });
    expect(row.statistic).toBeCloseTo((energy * 24 * 20) / 44, 3);
    expect(comparison.rows.map(({ name }) => name)).toEqual(["patients", "age", "kind", "features"]);
    const corrected = benjaminiHochberg(comparison.rows.map(({ pValue }) => pValue));
    expect(comparison.rows.map(({ qValue }) => qValue)).toEqual(corrected);
  });

  it("have the tissue that tells them apart as the most typical, from different patients", async () => {
    const { typicalOfA, typicalOfB } = await compare(kindA, kindB);
    for (const [typical, kind] of [
      [typicalOfA, "a"],
      [typicalOfB, "b"],
    ] as const) {
      expect(typical).toHaveLength(12);
      const distances = (typical ?? []).map(({ distance }) => distance);
      expect(distances).toEqual(distances.toSorted((x, y) => x - y));
      expect(new Set(typical?.map(({ patch }) => patch.slide.patient.key)).size).toBe(12);
      for (const { patch } of typical ?? []) {
        const index = Number(patch.slide.patient.key.slice(2));
        expect(isOfA(index)).toBe(kind === "a");
        // The second half of a slide's patches, four in a row.
        expect(patch.x / 224 + (patch.y / 224) * 4).toBeGreaterThanOrEqual(TISSUE_PATCHES);
      }
    }
    const direction = sum([
      sum(range(0, 24).map(patientMean)).map((value) => value / 24),
      sum(range(24, 44).map(patientMean)).map((value) => -value / 20),
    ]);
    const bestOf = (index: number) =>
      Math.min(
        ...SLIDES.filter(({ patient }) => patient === index).flatMap(({ vectors }) =>
          vectors.map(
            (row) => 1 - unit(row).reduce((all, value, i) => all + value * (unit(direction)[i] as number), 0),
          ),
        ),
      );
    const expected = range(0, 24)
      .map(bestOf)
      .sort((x, y) => x - y);
    typicalOfA?.forEach(({ distance }, index) => {
      expect(Math.abs(distance - (expected[index] as number))).toBeLessThan(1e-3);
    });
  });

  it("have several typical patches a patient where there are few patients", async () => {
    const a = await saveKeys("two-of-a", [0, 1]);
    const { typicalOfA } = await compare(a, kindB);
    expect(typicalOfA).toHaveLength(12);
    expect(new Set(typicalOfA?.map(({ patch }) => patch.slide.patient.key)).size).toBe(2);
    expect(new Set(typicalOfA?.map(({ patch }) => `${patch.slide.key} ${patch.x} ${patch.y}`)).size).toBe(12);
  });
});

describe("random halves of one kind", () => {
  it("have p-values that are spread evenly", async () => {
    const pValues: number[] = [];
    for (let split = 0; split < 30; split++) {
      const order = range(0, 24)
        .map((index) => ({ index, at: random.next() }))
        .sort((x, y) => x.at - y.at)
        .map(({ index }) => index);
      const a = await saveKeys("half-a", order.slice(0, 12));
      const b = await saveKeys("half-b", order.slice(12));
      const comparison = await compare(a, b, { attributes: [] });
      expect(comparison.featureDistance).toBeLessThan(0.2);
      pValues.push(featuresOf(comparison).pValue);
    }
    pValues.sort((x, y) => x - y);
    const farthest = Math.max(
      ...pValues.map((value, i) => Math.max(Math.abs(value - i / 30), Math.abs(value - (i + 1) / 30))),
    );
    // Kolmogorov's distance: passed by chance once in a hundred. The seed is fixed.
    expect(farthest).toBeLessThan(1.63 / Math.sqrt(30));
  });
});

describe("without enough to compare", () => {
  it("says so instead of a number", async () => {
    const none = await saveKeys("none", [44, 45]);
    const comparison = await compare(kindA, none);
    expect(comparison).toMatchObject({ featureDistance: null, typicalOfA: [], typicalOfB: [] });
    expect(featuresOf(comparison)).toMatchObject({ b: { n: 0, missing: 2, patches: 0 }, test: "none", pValue: null });
    const one = await saveKeys("one", [30]);
    const single = await compare(kindA, one);
    expect(single.featureDistance).toBeGreaterThan(0.1);
    expect(featuresOf(single)).toMatchObject({ b: { n: 1 }, test: "none", pValue: null, statistic: null });
  });

  it("has no features where none are asked for", async () => {
    const comparison = await compare(kindA, kindB, { featureSet: null });
    expect(comparison).toMatchObject({ featureDistance: null, typicalOfA: null, typicalOfB: null });
    expect(comparison.rows.map(({ name }) => name)).toEqual(["patients", "age", "kind"]);
  });

  it("refuses feature sets of another study, and those that are not there", async () => {
    const foreign = await storeVectorSet(world, "other", "cnn", [{ slide: "S-Q", vectors: [axis(0)] }]);
    for (const [id, code] of [
      [foreign.globalId, "BAD_ARGUMENT"],
      [encodeId("FeatureSet", "glioma", "gone"), "NOT_FOUND"],
      [kindA, "NOT_FOUND"],
    ]) {
      const { errors } = await world.query(COMPARE, { input: { a: kindA, b: kindB, featureSet: id } });
      expect(errors?.map((error) => error.code)).toEqual([code]);
      expect(errors?.[0]?.fix).toEqual(expect.any(String));
    }
  });
});

it("reads in a number of statements that does not grow with the patients", async () => {
  const [a, b] = [await saveKeys("few-a", range(0, 3)), await saveKeys("few-b", range(24, 27))];
  await compare(a, b);
  world.takeStatements();
  await compare(a, b);
  const few = world.takeStatements().length;
  await compare(kindA, kindB);
  expect(world.takeStatements().length).toBe(few);
});
