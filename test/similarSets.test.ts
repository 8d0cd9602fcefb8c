import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../src/learning/random.ts";
import { encodeId } from "../src/platform/ids.ts";
import { storeStudy, type TestPatient } from "./support/clinical.ts";
import { cloud, type Rows, storeSlideVectors, storeVectorSet } from "./support/vectorSet.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

/**
 * Slides and patients by likeness, against the definitions computed here without any of the code under test. Slides have fewer
 * patches than a mosaic unless a test says otherwise, so that a mosaic is the whole slide.
 */

const DIMS = 12;
const random = seededRandom(7);
const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const centre = () => Array.from({ length: DIMS }, () => 2 * normal());

/** 10 patients of 1 to 3 slides; patient 9 has a slide without vectors, patient 10 no slide at all. */
const slidesOf = (patient: number): string[] =>
  patient === 10 ? [] : Array.from({ length: 1 + (patient % 3) }, (_, slide) => `S-${patient}-${slide}`);
const PATIENTS: TestPatient[] = Array.from({ length: 11 }, (_, index) => ({
  key: `P-${String(index).padStart(2, "0")}`,
  clinical: { grade: `G${2 + (index % 2)}` },
  slides: slidesOf(index).map((key) => ({ key, stain: "HE" as const, clinical: {} })),
}));
const WITHOUT = "S-9-0";

const vectors = new Map<string, Rows>();
for (let patient = 0; patient < 10; patient++) {
  const tissue = [centre(), centre()] as const;
  for (const key of slidesOf(patient)) {
    if (key === WITHOUT) continue;
    vectors.set(key, [
      ...cloud(normal, 3 + Math.floor(20 * random.next()), tissue[0], 1),
      ...cloud(normal, 1 + Math.floor(20 * random.next()), tissue[1], 1),
    ]);
  }
}
// Slide 5-1 is slide 0-0 over again, with less of it.
vectors.set("S-5-1", (vectors.get("S-0-0") as Rows).slice(2));

let world: World;
let featureSet: { id: number; globalId: string };

beforeAll(async () => {
  world = await createWorld({ work: false });
  await storeStudy(world, "glioma", [{ key: "grade", type: "CATEGORY" }], PATIENTS);
  await storeStudy(world, "other", [], [{ key: "P-00", clinical: {}, slides: [] }]);
  featureSet = await storeVectorSet(
    world,
    "glioma",
    "cnn",
    [...vectors].map(([slide, rows]) => ({ slide, vectors: rows })),
  );
});
afterAll(() => world.close());

const slideId = (key: string) => encodeId("Slide", "glioma", key);
const patientId = (key: string) => encodeId("Patient", "glioma", key);

type Search = { strategy: string; matches: number; scanned: number; isComplete: boolean; reason: string };
type Because = { distance: number; patch: { x: number; y: number; slide: { key: string } } }[];
type SlideHits = { hits: { distance: number; slide: { key: string }; because: Because }[]; search: Search };
type PatientHits = { hits: { distance: number; patient: { key: string }; because: Because }[]; search: Search };

const REST =
  "because { distance patch { x y slide { key } } } } search { strategy matches matchesIsExact scanned isComplete recallBasis recallEstimate reason tookMs } } }";
const SLIDES = `query($input: SimilarSlidesInput!) { similarSlides(input: $input) { hits { distance slide { key } ${REST}`;
const PATIENTS_QUERY = `query($input: SimilarPatientsInput!) { similarPatients(input: $input) { hits { distance patient { key } ${REST}`;

const askSlides = async (slide: string, more: object = {}): Promise<SlideHits> => {
  const input = { featureSet: featureSet.globalId, slide: slideId(slide), ...more };
  return (await world.ask<{ similarSlides: SlideHits }>(SLIDES, { input })).similarSlides;
};
const askPatients = async (patient: string, more: object = {}): Promise<PatientHits> => {
  const input = { featureSet: featureSet.globalId, patient: patientId(patient), ...more };
  return (await world.ask<{ similarPatients: PatientHits }>(PATIENTS_QUERY, { input })).similarPatients;
};

// ------------------------------------------------------------------ the definitions

const unit = (row: readonly number[]): number[] => row.map((value) => value / Math.hypot(...row));
const cosineDistance = (a: readonly number[], b: readonly number[]): number => {
  const [x, y] = [unit(a), unit(b)];
  return 1 - x.reduce((sum, value, index) => sum + value * (y[index] as number), 0);
};
const meanDirection = (rows: Rows): number[] =>
  Array.from({ length: DIMS }, (_, index) => rows.map(unit).reduce((sum, row) => sum + (row[index] as number), 0));

const DISTANCES = {
  MEAN: (query: Rows, candidate: Rows) => cosineDistance(meanDirection(query), meanDirection(candidate)),
  MEDIAN_OF_MIN: (query: Rows, candidate: Rows) => {
    const minima = query
      .map((patch) => Math.min(...candidate.map((other) => cosineDistance(patch, other))))
      .sort((a, b) => a - b);
    const middle = minima.length >> 1;
    const upper = minima[middle] as number;
    return minima.length % 2 === 1 ? upper : (upper + (minima[middle - 1] as number)) / 2;
  },
};
type Method = keyof typeof DISTANCES;
const METHODS = Object.keys(DISTANCES) as Method[];

/** To each of the candidate's patches: by the mean to the query's mean, by mosaics to the nearest patch of the query. */
const patchDistances = (method: Method, query: Rows, candidate: Rows): number[] =>
  candidate
    .map((row) =>
      method === "MEAN"
        ? cosineDistance(meanDirection(query), row)
        : Math.min(...query.map((patch) => cosineDistance(patch, row))),
    )
    .sort((a, b) => a - b);

const rowsOf = (patient: number): Rows => slidesOf(patient).flatMap((key) => vectors.get(key) ?? []);
const patientOf = (slide: string): number => Number(slide.split("-")[1]);

const expectAlike = (got: readonly { distance: number }[], expected: readonly number[]) => {
  expect(got).toHaveLength(expected.length);
  got.forEach(({ distance }, index) => {
    // Means are kept in single precision, queries of `because` in half.
    expect(Math.abs(distance - (expected[index] as number))).toBeLessThan(1e-3);
  });
};

describe.each(METHODS)("similarSlides by %s", (method) => {
  it("gives every other patient's slide, at the distance of the definition", async () => {
    const query = "S-4-1";
    const { hits, search } = await askSlides(query, { method, first: 1000 });
    const others = [...vectors].filter(([key]) => patientOf(key) !== 4);
    expect(hits.map(({ slide }) => slide.key).sort()).toEqual(others.map(([key]) => key).sort());
    const queryRows = vectors.get(query) as Rows;
    for (const { slide, distance, because } of hits) {
      const rows = vectors.get(slide.key) as Rows;
      expect(distance).toBeCloseTo(DISTANCES[method](queryRows, rows), 5);
      expectAlike(because, patchDistances(method, queryRows, rows).slice(0, 5));
      for (const { patch } of because) expect(patch.slide.key).toBe(slide.key);
    }
    expect(hits.map(({ distance }) => distance)).toEqual(hits.map(({ distance }) => distance).sort((a, b) => a - b));
    expect(search).toMatchObject({
      strategy: "EXACT",
      matches: others.length,
      matchesIsExact: true,
      scanned: method === "MEAN" ? others.length : others.flatMap(([, rows]) => rows).length,
      isComplete: true,
      recallBasis: "EXACT",
      recallEstimate: 1,
      reason: expect.stringContaining("1 more passes the filter but has no complete set of vectors"),
    });
    if (method === "MEDIAN_OF_MIN") expect(search.reason).toContain("at most 100 patches");
  });

  it("finds first the slide that is the same one over again", async () => {
    const { hits } = await askSlides("S-0-0", { method, first: 3 });
    expect(hits[0]?.slide.key).toBe("S-5-1");
    expect(hits).toHaveLength(3);
    expect(hits[0]?.distance).toBeLessThan(0.5 * (hits[1]?.distance ?? 0));
  });

  it("gives the patient's other slides when they are not excluded, and never the slide itself", async () => {
    const { hits, search } = await askSlides("S-5-1", { method, first: 1000, excludeSamePatient: false });
    const keys = hits.map(({ slide }) => slide.key);
    expect(keys).toEqual(expect.arrayContaining(["S-5-0", "S-5-2"]));
    expect(keys).not.toContain("S-5-1");
    expect(search.matches).toBe(vectors.size - 1);
  });

  it("compares those alone that pass the filter; the query need not", async () => {
    const filter = { patients: { clinical: [{ attribute: "grade", test: { category: ["G3"] } }] } };
    const { hits, search } = await askSlides("S-0-0", { method, first: 1000, filter });
    const expected = [...vectors.keys()].filter((key) => patientOf(key) % 2 === 1);
    expect(hits.map(({ slide }) => slide.key).sort()).toEqual(expected.sort());
    expect(search.matches).toBe(expected.length);
    const none = await askSlides("S-0-0", { method, filter: { keys: ["S-0-0"] } });
    expect(none).toMatchObject({ hits: [], search: { matches: 0, scanned: 0, isComplete: true } });
  });
});

describe.each(METHODS)("similarPatients by %s", (method) => {
  it("gives every other patient, the patches of all his slides together", async () => {
    const { hits, search } = await askPatients("P-02", { method, first: 1000 });
    const others = Array.from({ length: 10 }, (_, index) => index).filter(
      (index) => index !== 2 && rowsOf(index).length > 0,
    );
    expect(hits.map(({ patient }) => patient.key).sort()).toEqual(others.map((index) => PATIENTS[index]?.key));
    for (const { patient, distance, because } of hits) {
      const rows = rowsOf(Number(patient.key.slice(2)));
      expect(distance).toBeCloseTo(DISTANCES[method](rowsOf(2), rows), 5);
      expectAlike(because, patchDistances(method, rowsOf(2), rows).slice(0, 5));
    }
    // Patient 9 has no slide with vectors, patient 10 no slide.
    expect(search).toMatchObject({
      matches: others.length,
      isComplete: true,
      reason: expect.stringContaining("2 more pass the filter but have no complete set of vectors"),
    });
  });

  it("obeys the filter, and cuts the list where it is asked to", async () => {
    const filter = { clinical: [{ attribute: "grade", test: { category: ["G2"] } }] };
    const { hits, search } = await askPatients("P-02", { method, first: 2, filter });
    const ranked = [0, 4, 6, 8]
      .map((index) => ({ index, distance: DISTANCES[method](rowsOf(2), rowsOf(index)) }))
      .sort((a, b) => a.distance - b.distance);
    expect(hits.map(({ patient }) => patient.key)).toEqual(ranked.slice(0, 2).map(({ index }) => PATIENTS[index]?.key));
    expect(search).toMatchObject({ matches: 4, isComplete: true });
  });
});

describe("mosaics", () => {
  it("are made once, and again when a slide's vectors are replaced", async () => {
    const first = await askSlides("S-0-0", { first: 1 });
    expect(first.hits[0]?.slide.key).toBe("S-5-1");
    world.takeStatements();
    await askSlides("S-0-0", { first: 1 });
    const again = world.takeStatements();
    expect(
      again.filter((text) => /INSERT|l2_normalize\(vectors|FROM features.slide_summary\s+WHERE/.test(text)),
    ).toEqual([]);
    const before = vectors.get("S-5-1") as Rows;
    await storeSlideVectors(world, featureSet.id, [
      { slide: "S-5-1", vectors: before.map((row) => row.map((x) => -x)) },
    ]);
    for (const method of METHODS) {
      const { hits } = await askSlides("S-0-0", { method, first: 1000 });
      const found = hits.find(({ slide }) => slide.key === "S-5-1");
      const turned = before.map((row) => row.map((x) => -x));
      expect(found?.distance).toBeCloseTo(DISTANCES[method](vectors.get("S-0-0") as Rows, turned), 5);
    }
    await storeSlideVectors(world, featureSet.id, [{ slide: "S-5-1", vectors: before }]);
    expect((await askSlides("S-0-0", { first: 1 })).hits[0]?.slide.key).toBe("S-5-1");
  });

  it("stand for slides of any size: two halves of one slide find each other", async () => {
    const kinds = Array.from({ length: 6 }, centre);
    /** Of each kind a share of its own. */
    const slideOf = (shares: readonly number[], patches: number): Rows =>
      Array.from({ length: patches }, () => {
        let left = random.next();
        const kind = shares.findIndex((share) => {
          left -= share;
          return left < 0;
        });
        return cloud(normal, 1, kinds[Math.max(0, kind)] as number[], 0.7)[0] as number[];
      });
    const mixtures = [
      [0.5, 0.5, 0, 0, 0, 0],
      [0, 0, 0.5, 0.5, 0, 0],
      [0, 0, 0, 0, 0.6, 0.4],
    ];
    const keys = ["S-1", "S-2", "S-4"].flatMap((patient) => [`${patient}-0`, `${patient}-1`]);
    const large = await storeVectorSet(
      world,
      "glioma",
      "large",
      keys.map((slide, index) => ({
        slide,
        vectors: slideOf(mixtures[index >> 1] as number[], index === 0 ? 1500 : 400),
      })),
    );
    const { rows } = await world.app.database.query<{ patches: number }>(
      "SELECT cardinality(mosaic_patch_ids) AS patches FROM features.slide_summary WHERE feature_set_id = $1",
      [large.id],
    );
    expect(rows).toEqual([]);
    for (const method of METHODS) {
      for (const [index, key] of keys.entries()) {
        const more = { featureSet: large.globalId, method, first: 1, excludeSamePatient: false };
        const { hits, search } = await askSlides(key, more);
        expect(hits[0]?.slide.key, `${method} ${key}`).toBe(keys[index ^ 1]);
        expect(search.scanned).toBe(method === "MEAN" ? 5 : 500);
      }
    }
    const made = await world.app.database.query<{ patches: number }>(
      "SELECT cardinality(mosaic_patch_ids) AS patches FROM features.slide_summary WHERE feature_set_id = $1",
      [large.id],
    );
    expect(made.rows.map(({ patches }) => patches)).toEqual([100, 100, 100, 100, 100, 100]);
  });

  it("are asked for in a number of statements that does not grow with the slides", async () => {
    await askSlides("S-0-0", { first: 1000 });
    world.takeStatements();
    await askSlides("S-0-0", { first: 1 });
    const few = world.takeStatements().length;
    await askSlides("S-0-0", { first: 1000 });
    expect(world.takeStatements().length).toBe(few);
    await askPatients("P-00", { method: "MEAN", first: 1000 });
    expect(world.takeStatements().length).toBeLessThan(14);
  });

  it("leave out slides that are not embedded to the end, and say so", async () => {
    const half = "UPDATE slide_features SET is_complete = $2 WHERE slide_id = (SELECT id FROM slide WHERE key = $1)";
    await world.app.database.query(half, ["S-5-1", false]);
    const { hits, search } = await askSlides("S-0-0", { first: 1000 });
    await world.app.database.query(half, ["S-5-1", true]);
    expect(hits.map(({ slide }) => slide.key)).not.toContain("S-5-1");
    expect(search.reason).toContain("2 more pass the filter");
  });
});

it("asks both at once, by several clients, and makes each mosaic once", async () => {
  const copy = await storeVectorSet(
    world,
    "glioma",
    "copy",
    [...vectors].map(([slide, rows]) => ({ slide, vectors: rows })),
  );
  world.takeStatements();
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => askSlides("S-0-0", { featureSet: copy.globalId, first: 1 })),
  );
  for (const { hits } of answers) expect(hits[0]?.slide.key).toBe("S-5-1");
  const written = world.takeStatements().filter((text) => text.includes("INSERT INTO features.slide_summary"));
  expect(written.length).toBe(Math.ceil(vectors.size / 8));
});

describe("what cannot be answered", () => {
  const refused = async (document: string, input: object): Promise<{ code: unknown; fix: unknown }> => {
    const { data, errors } = await world.query(document, { input });
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    return { code: errors?.[0]?.code, fix: errors?.[0]?.fix };
  };
  const slides = (more: object) =>
    refused(SLIDES, { featureSet: featureSet.globalId, slide: slideId("S-0-0"), ...more });
  const patients = (more: object) =>
    refused(PATIENTS_QUERY, { featureSet: featureSet.globalId, patient: patientId("P-00"), ...more });
  const told = (code: string) => ({ code, fix: expect.any(String) });

  it("is refused with what to do", async () => {
    expect(await slides({ slide: slideId(WITHOUT) })).toEqual(told("NOT_FOUND"));
    expect(await slides({ slide: slideId("none") })).toEqual(told("NOT_FOUND"));
    expect(await slides({ slide: patientId("P-00") })).toEqual(told("NOT_FOUND"));
    expect(await slides({ slide: encodeId("Slide", "other", "S-0-0") })).toEqual(told("BAD_ARGUMENT"));
    expect(await slides({ featureSet: encodeId("FeatureSet", "glioma", "none") })).toEqual(told("NOT_FOUND"));
    expect(await slides({ first: 0 })).toEqual(told("BAD_ARGUMENT"));
    expect(await slides({ first: 1001 })).toEqual(told("BAD_ARGUMENT"));
    expect(await slides({ filter: { clinical: [{ attribute: "none", test: { isMissing: true } }] } })).toEqual(
      told("COLUMN_UNKNOWN"),
    );
    expect(await patients({ patient: patientId("P-09") })).toEqual(told("NOT_FOUND"));
    expect(await patients({ patient: patientId("P-10") })).toEqual(told("NOT_FOUND"));
    expect(await patients({ patient: slideId("S-0-0") })).toEqual(told("NOT_FOUND"));
    expect(await patients({ patient: encodeId("Patient", "other", "P-00") })).toEqual(told("BAD_ARGUMENT"));
    expect(await patients({ first: -1 })).toEqual(told("BAD_ARGUMENT"));
  });
});

it("has the mosaic of a slide ready when its embedding ends", async () => {
  const embedded = await createWorld();
  try {
    const { featureSet: id } = await seedStudy(embedded, 3);
    const { rows } = await embedded.app.database.query("SELECT slide_id FROM features.slide_summary");
    expect(rows).toHaveLength(3);
    embedded.takeStatements();
    const input = { featureSet: id, slide: encodeId("Slide", "glioma", "SYN-0001-01") };
    const { similarSlides } = await embedded.ask<{ similarSlides: SlideHits }>(SLIDES, { input });
    expect(similarSlides.hits).toHaveLength(2);
    for (const { because } of similarSlides.hits) expect(because).toHaveLength(5);
    expect(embedded.takeStatements().filter((text) => text.includes("INSERT"))).toEqual([]);
  } finally {
    await embedded.close();
  }
});
