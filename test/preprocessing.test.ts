import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STAIN_TARGETS } from "../src/slides/index.ts";
import { glassTiff, tissueTiff, writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** What is done to pixels before the encoder sees them, and what is measured of them on the way. */

type Job = { id: string; state: string; failures: { nodes: { code: string; fix: string; slide: { key: string } }[] } };
type Embedded = {
  featureSet: { id: string } | null;
  job: { id: string } | null;
  errors: { code: string; path: string[] }[];
};
type Patch = { id: string; x: number; y: number; slide: { key: string }; measurements: Record<string, number> };
type Found = {
  hits: { distance: number; patch: Patch }[];
  search: { matches: number; isComplete: boolean; strategy: string };
};

let world: World;
let tiff: Buffer;

const embed = async (
  featureSetKey: string,
  preprocessing: Record<string, unknown>,
  slides: Record<string, unknown> = { keys: ["a", "b"] },
  grid: Record<string, unknown> = {},
): Promise<Embedded> => {
  const { embedSlides } = await world.ask<{ embedSlides: Embedded }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { featureSet { id } job { id } errors { code path } } }",
    {
      input: {
        slides: { studyKey: "study", ...slides },
        encoderKey: "efficientnet-lite0",
        featureSetKey,
        grid,
        preprocessing,
      },
    },
  );
  return embedSlides;
};

/** The job's end, and the feature set's id. */
const embedded = async (...input: Parameters<typeof embed>): Promise<Job & { featureSet: string }> => {
  const { featureSet, job, errors } = await embed(...input);
  expect(errors).toEqual([]);
  await world.jobEnd(job?.id ?? "");
  const { job: ended } = await world.ask<{ job: Job }>(
    "query($id: ID!) { job(id: $id) { id state failures { nodes { code fix slide { key } } } } }",
    { id: job?.id },
  );
  return { ...ended, featureSet: featureSet?.id ?? "" };
};

const SEARCH = `query($input: SimilarPatchesInput!) { similarPatches(input: $input) {
  hits { distance patch { id x y measurements slide { key } } } search { matches isComplete strategy } } }`;

const search = (featureSet: string, input: Record<string, unknown> = {}) =>
  world.query<{ similarPatches: Found }>(SEARCH, {
    input: { featureSet, to: { vector: Array(672).fill(1) }, first: 1000, ...input },
  });

const found = async (...input: Parameters<typeof search>): Promise<Found> => {
  const { data, errors } = await search(...input);
  expect(errors).toBeUndefined();
  return data?.similarPatches as Found;
};

const lineage = async (key: string) => {
  const { featureSet } = await world.ask<{
    featureSet: { preprocessing: Record<string, unknown>; lineage: { digest: string; parameters: object } };
  }>(
    `query($key: String!) { featureSet(studyKey: "study", key: $key) { preprocessing lineage { digest parameters } } }`,
    { key },
  );
  return featureSet;
};

const cut = (x: number, y: number, edge = 224) =>
  sharp(tiff).extract({ left: x, top: y, width: edge, height: edge }).png().toBuffer();

beforeAll(async () => {
  world = await createWorld();
  tiff = await tissueTiff({ seed: 1 });
  await writeFile(join(world.folder, "a.tif"), tiff);
  await writeTissue(join(world.folder, "b.tif"), { seed: 2 });
  await writeTissue(join(world.folder, "marker.tif"), { seed: 3 });
  await writeFile(join(world.folder, "glass.tif"), await glassTiff());
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  const register = "mutation($input: RegisterSlidesInput!) { registerSlides(input: $input) { errors { code } } }";
  await world.ask(register, { input: { studyKey: "study", paths: ["a.tif", "b.tif", "glass.tif"], stain: "HE" } });
  await world.ask(register, { input: { studyKey: "study", paths: ["marker.tif"], stain: "IHC" } });
});
afterAll(() => world.close());

describe("quality control", () => {
  let measured: string;
  let all: Patch[];
  const median = (name: string): number =>
    all.map(({ measurements }) => measurements[name] as number).sort((p, q) => p - q)[
      Math.floor(all.length / 2)
    ] as number;
  const places = (patches: readonly Patch[]) => patches.map(({ id }) => id).sort();

  beforeAll(async () => {
    const job = await embedded("measured", { qualityControl: true });
    expect(job.state).toBe("SUCCEEDED");
    measured = job.featureSet;
    all = (await found(measured)).hits.map(({ patch }) => patch);
  });

  it("measures every patch and leaves none out", async () => {
    expect(all).toHaveLength(32);
    for (const { measurements } of all) {
      expect(Object.keys(measurements).sort()).toEqual(["blurVariance", "dabShare", "foldShare", "penShare"]);
      expect(measurements.blurVariance).toBeGreaterThan(0);
      for (const share of ["dabShare", "foldShare", "penShare"]) {
        expect(measurements[share]).toBeGreaterThanOrEqual(0);
        expect(measurements[share]).toBeLessThanOrEqual(1);
      }
    }
    expect(new Set(all.map(({ measurements }) => measurements.blurVariance)).size).toBeGreaterThan(16);
  });

  it("is told in the lineage, and makes another feature set of it", async () => {
    const { preprocessing, lineage: made } = await lineage("measured");
    expect(preprocessing).toEqual({ stainNormalization: "NONE", qualityControl: true, qualityVersion: 1 });
    expect(made.parameters).toMatchObject({ preprocessing });
    expect((await embed("measured", {})).errors).toMatchObject([{ code: "CONFLICT", path: ["featureSetKey"] }]);
  });

  it("a search finds exactly the patches whose measurements pass", async () => {
    const from = median("blurVariance");
    const expected = all.filter(({ measurements }) => (measurements.blurVariance as number) >= from);
    const measurements = [{ attribute: "blurVariance", test: { number: { gte: from } } }];
    const { hits, search: report } = await found(measured, { filter: { measurements } });
    expect(expected.length).toBe(16);
    expect(places(hits.map(({ patch }) => patch))).toEqual(places(expected));
    expect(report).toMatchObject({ matches: 16, isComplete: true, strategy: "EXACT" });
    const fewer = await found(measured, { filter: { measurements }, first: 3 });
    expect(fewer.search).toMatchObject({ matches: 16, isComplete: true });
    expect(fewer.hits).toEqual(hits.slice(0, 3));
  });

  it("holds together with the other filters and other measurements", async () => {
    const from = median("blurVariance");
    const measurements = [
      { attribute: "blurVariance", test: { number: { lt: from } } },
      { attribute: "penShare", test: { number: { lte: 1 } } },
      { attribute: "dabShare", test: { isMissing: false } },
    ];
    const expected = all.filter(
      ({ slide, measurements: own }) => slide.key === "a" && (own.blurVariance as number) < from,
    );
    const { hits, search: report } = await found(measured, { filter: { measurements, slides: { keys: ["a"] } } });
    expect(places(hits.map(({ patch }) => patch))).toEqual(places(expected));
    expect(report.matches).toBe(expected.length);
    const none = await found(measured, {
      filter: { measurements: [...measurements, { attribute: "foldShare", test: { isMissing: true } }] },
    });
    expect(none).toMatchObject({ hits: [], search: { matches: 0, isComplete: true } });
    expect((await found(measured, { filter: { measurements: [] } })).search.matches).toBe(32);
  });

  it("an export holds exactly those patches as well", async () => {
    const measurements = [{ attribute: "blurVariance", test: { number: { gte: median("blurVariance") } } }];
    const { exportFeatures } = await world.ask<{ exportFeatures: { rows: number; errors: unknown[] } }>(
      "mutation($input: ExportFeaturesInput!) { exportFeatures(input: $input) { rows errors { code } } }",
      { input: { featureSet: measured, filter: { measurements }, format: "ARROW_STREAM" } },
    );
    expect(exportFeatures).toEqual({ rows: 16, errors: [] });
  });

  it.each([
    [
      "a measurement that nobody takes",
      { attribute: "focus", test: { number: { gte: 1 } } },
      "BAD_ARGUMENT",
      /blurVariance, penShare, foldShare, dabShare/,
    ],
    ["a category", { attribute: "penShare", test: { category: ["high"] } }, "TYPE_MISMATCH", /number/],
    ["an empty range", { attribute: "penShare", test: { number: {} } }, "BAD_ARGUMENT", /gte/],
  ])("refuses %s", async (_what, predicate, code, fix) => {
    const { data, errors } = await search(measured, { filter: { measurements: [predicate] } });
    expect([data, errors]).toMatchObject([null, [{ code, fix: expect.stringMatching(fix) }]]);
  });

  it("refuses to filter a feature set that was not measured", async () => {
    const { featureSet, state } = await embedded("plain", {});
    expect(state).toBe("SUCCEEDED");
    expect((await lineage("plain")).preprocessing).toEqual({ stainNormalization: "NONE" });
    const { errors } = await search(featureSet, {
      filter: { measurements: [{ attribute: "penShare", test: { number: { lt: 0.1 } } }] },
    });
    expect(errors).toMatchObject([{ code: "BAD_ARGUMENT", fix: expect.stringContaining("qualityControl") }]);
  });

  it("changes no vector", async () => {
    const [plain, again] = [await found((await embed("plain", {})).featureSet?.id ?? ""), await found(measured)];
    expect(again.hits.map(({ distance }) => distance)).toEqual(plain.hits.map(({ distance }) => distance));
  });
});

describe.each(["MACENKO", "REINHARD"] as const)("%s", (method) => {
  const GRID = { tissue: "NONE", minTissue: 0 };
  let job: Job & { featureSet: string };
  beforeAll(async () => {
    job = await embedded(method, { stainNormalization: method }, { not: { keys: ["none"] } }, GRID);
  });

  it("embeds slides, and fails those alone that have no two stains to even out", async () => {
    expect(job.state).toBe("PARTLY_FAILED");
    expect(job.failures.nodes.map(({ slide, code }) => [slide.key, code]).sort()).toEqual([
      ["glass", "NO_TISSUE"],
      ["marker", "MIXED_STAINS"],
    ]);
    for (const { fix } of job.failures.nodes) expect(fix).toContain("stainNormalization NONE");
    expect((await found(job.featureSet)).search.matches).toBe(32);
  });

  it("keeps the target in the digest and each slide's staining beside its vectors", async () => {
    const { preprocessing } = await lineage(method);
    expect(preprocessing).toEqual({ stainNormalization: method, stainVersion: 1, stainTarget: STAIN_TARGETS[method] });
    const { slides } = await world.ask<{
      slides: {
        nodes: { key: string; featureSets: { featureSet: { key: string }; stain: { method: string } | null }[] }[];
      };
    }>('query { slides(filter: {studyKey: "study"}) { nodes { key featureSets { featureSet { key } stain } } } }');
    const stains = Object.fromEntries(
      slides.nodes.map(({ key, featureSets }) => [
        key,
        featureSets.find(({ featureSet }) => featureSet.key === method)?.stain?.method,
      ]),
    );
    expect(stains).toEqual({ a: method, b: method, glass: undefined, marker: undefined });
  });

  it("a picture is evened out by its own staining and finds where it was cut", async () => {
    const data = (await cut(448, 224)).toString("base64");
    const { hits } = await found(job.featureSet, { to: { image: { data, micronsPerPixel: 0.5 } }, first: 2 });
    expect(hits[0]?.patch).toMatchObject({ x: 448, y: 224, slide: { key: "a" } });
  });

  it("a picture without two stains is refused", async () => {
    const grey = await sharp({ create: { width: 300, height: 300, channels: 3, background: "#f0f0f0" } })
      .png()
      .toBuffer();
    const { errors } = await search(job.featureSet, {
      to: { image: { data: grey.toString("base64"), micronsPerPixel: 0.5 } },
    });
    expect(errors).toMatchObject([{ code: "NO_TISSUE", fix: expect.stringContaining("larger part") }]);
  });

  it("a slide that is gone on with keeps the staining that its first patches were evened out by", async () => {
    const { database, prisma } = world.app;
    const { id } = await prisma.featureSet.findFirstOrThrow({ where: { key: method } });
    const slide = await prisma.slide.findFirstOrThrow({ where: { key: "a" } });
    const where = { featureSetId_slideId: { featureSetId: id, slideId: slide.id } };
    const vectors = async () => {
      const { rows } = await database.query<{ v: string }>(
        `SELECT v::text FROM features.vectors_${id} WHERE slide_id = $1 ORDER BY patch_id`,
        [slide.id],
      );
      return rows.map(({ v }) => v);
    };
    const before = await vectors();
    const { stain } = await prisma.slideFeatures.findUniqueOrThrow({ where });
    // Another figure than would be found: whoever estimates again loses it.
    const kept = Object.fromEntries(
      Object.entries(stain as Record<string, unknown>).map(([name, value]) => [
        name,
        name === "maxConcentrations" || name === "standardDeviations" ? (value as number[]).map((v) => v * 1.5) : value,
      ]),
    );
    await database.query(
      `DELETE FROM features.vectors_${id} WHERE patch_id IN (SELECT patch_id FROM features.vectors_${id}
         WHERE slide_id = $1 ORDER BY patch_id DESC LIMIT 6)`,
      [slide.id],
    );
    await prisma.slideFeatures.update({
      where,
      data: { stain: kept as object, checkpoint: 10, vectors: 10, isComplete: false, completedAt: null },
    });
    expect((await embedded(method, { stainNormalization: method }, { keys: ["a"] }, GRID)).state).toBe("SUCCEEDED");
    const after = await vectors();
    expect((await prisma.slideFeatures.findUniqueOrThrow({ where })).stain).toEqual(kept);
    expect(after).toHaveLength(16);
    expect(after.slice(0, 10)).toEqual(before.slice(0, 10));
    for (const [place, vector] of after.slice(10).entries()) expect(vector).not.toBe(before[10 + place]);
  });

  it("is refused together with a dark field, before anything is queued", async () => {
    const { featureSet, errors } = await embed(
      `dark-${method}`,
      { stainNormalization: method },
      {},
      { tissue: "DARKFIELD" },
    );
    expect(featureSet).toBeNull();
    expect(errors).toMatchObject([{ code: "BAD_ARGUMENT", path: ["preprocessing", "stainNormalization"] }]);
  });
});

it("evening out changes vectors, each method in its own way", async () => {
  const distances = await Promise.all(
    ["plain", "MACENKO", "REINHARD"].map(async (key) => {
      const { rows } = await world.app.database.query<{ v: string }>(
        `SELECT v::text FROM features.vectors_${(await world.app.prisma.featureSet.findFirstOrThrow({ where: { key } })).id}
         JOIN slide ON slide.id = slide_id WHERE slide.key = 'a' ORDER BY patch_id LIMIT 1`,
      );
      return rows[0]?.v;
    }),
  );
  expect(new Set(distances).size).toBe(3);
});
